/** How uPlot draws the day: area, bars, the hidden stretches and the line of now. */
import uPlot from 'uplot';
import { barCeiling, barMarks, dayRange, focusCeiling, hiddenSpans, type DaySeries } from './day-series';

export type ChartColors = Record<'focus' | 'interrupt' | 'interrupt-4' | 'line' | 'ink' | 'ink-faint' | 'surface', string>;

export interface ChartOptions {
  width: number;
  height: number;
  colors: ChartColors;
  narrow: boolean;
  /** Read anew at each drawing. */
  series: () => DaySeries;
  /** From when to now nothing is known, if that is worth showing. */
  unknownFrom: () => number | null;
  now: () => number;
  clock: (ms: number) => string;
  onCursor: (index: number | null) => void;
}

export function chartOptions(options: ChartOptions): uPlot.Options {
  const { colors, narrow, clock } = options;
  const ratio = Math.max(1, window.devicePixelRatio);
  const axis: uPlot.Axis = {
    stroke: colors['ink-faint'],
    font: '12px system-ui, sans-serif',
    grid: { stroke: colors.line, width: 1 },
    ticks: { show: false },
  };
  return {
    width: options.width,
    height: options.height,
    legend: { show: false },
    padding: [10, narrow ? 14 : 0, 0, 0],
    cursor: { y: false, drag: { x: false, y: false, setScale: false }, points: { size: 8, width: 2, stroke: () => colors.focus, fill: () => colors.surface } },
    scales: {
      x: { time: true, range: () => dayRange(options.series(), options.now()).map((ms) => ms / 1000) as [number, number] },
      focus: { range: (u) => [0, focusCeiling(u.data[1] as (number | null)[])] },
      bars: { range: (u) => [0, barCeiling(u.data[2] as (number | null)[])] },
    },
    series: [
      {},
      {
        scale: 'focus',
        stroke: colors.focus,
        width: 2,
        fill: (u) => wash(u, colors.focus),
        paths: uPlot.paths.spline?.(),
        points: { show: false },
        spanGaps: false,
      },
      {
        scale: 'bars',
        stroke: 'transparent',
        width: 0,
        fill: colors['interrupt-4'],
        paths: uPlot.paths.bars?.({ size: [0.62, 7], align: 0, radius: 0.4 }),
        points: { show: false },
      },
    ],
    axes: [
      { ...axis, grid: { show: false }, space: narrow ? 62 : 84, size: 26, gap: 8, values: (_u, splits) => splits.map((s) => clock(s * 1000)) },
      { ...axis, scale: 'focus', size: narrow ? 24 : 34, splits: (u) => wholes(focusCeiling(u.data[1] as (number | null)[])), gap: 6 },
      {
        ...axis,
        scale: 'bars',
        side: 1,
        show: !narrow,
        stroke: colors.interrupt,
        size: 34,
        gap: 6,
        grid: { show: false },
        splits: (u) => barMarks(u.data[2] as (number | null)[]),
      },
    ],
    hooks: {
      drawClear: [(u) => shade(u, options.unknownFrom(), options.now(), colors), (u) => hatch(u, hiddenSpans(options.series()), colors, ratio)],
      draw: [(u) => nowLine(u, options.now(), colors, ratio)],
      setCursor: [(u) => options.onCursor(u.cursor.idx ?? null)],
    },
  };
}

function wholes(top: number): number[] {
  return Array.from({ length: top + 1 }, (_, i) => i);
}

function wash(u: uPlot, color: string): CanvasGradient {
  const gradient = u.ctx.createLinearGradient(0, u.bbox.top, 0, u.bbox.top + u.bbox.height);
  gradient.addColorStop(0, fade(color, 0.42));
  gradient.addColorStop(1, fade(color, 0.04));
  return gradient;
}

function fade(color: string, alpha: number): string {
  return color.replace(/^rgb\(([^)]+)\)$/, `rgba($1, ${alpha})`);
}

function shade(u: uPlot, from: number | null, to: number, colors: ChartColors): void {
  if (from === null) return;
  const { ctx, bbox } = u;
  const x = Math.max(bbox.left, u.valToPos(from / 1000, 'x', true));
  const right = Math.min(bbox.left + bbox.width, u.valToPos(to / 1000, 'x', true));
  ctx.save();
  ctx.fillStyle = fade(colors.line, 0.5);
  ctx.fillRect(x, bbox.top, Math.max(0, right - x), bbox.height);
  ctx.restore();
}

function hatch(u: uPlot, spans: [number, number][], colors: ChartColors, ratio: number): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.strokeStyle = colors.line;
  ctx.lineWidth = 1.5 * ratio;
  for (const [from, to] of spans) {
    const x = Math.max(bbox.left, u.valToPos(from / 1000, 'x', true));
    const right = Math.min(bbox.left + bbox.width, u.valToPos(to / 1000, 'x', true));
    if (right <= x) continue;
    ctx.save();
    ctx.beginPath();
    ctx.rect(x, bbox.top, right - x, bbox.height);
    ctx.clip();
    ctx.beginPath();
    for (let at = x - bbox.height; at < right; at += 9 * ratio) {
      ctx.moveTo(at, bbox.top + bbox.height);
      ctx.lineTo(at + bbox.height, bbox.top);
    }
    ctx.stroke();
    ctx.restore();
  }
  ctx.restore();
}

function nowLine(u: uPlot, now: number, colors: ChartColors, ratio: number): void {
  const { ctx, bbox } = u;
  const x = Math.round(u.valToPos(now / 1000, 'x', true)) + 0.5;
  if (x < bbox.left || x > bbox.left + bbox.width) return;
  ctx.save();
  ctx.strokeStyle = colors.ink;
  ctx.globalAlpha = 0.55;
  ctx.lineWidth = ratio;
  ctx.setLineDash([3 * ratio, 3 * ratio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}
