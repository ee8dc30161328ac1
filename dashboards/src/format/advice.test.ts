import { describe, expect, it } from 'vitest';
import { counted, told } from './advice';

describe('evidence', () => {
  it('is told in its unit', () => {
    expect(told(0.62, 'share', 'en')).toBe('62 %');
    expect(told(5_400_000, 'ms', 'en')).toBe('1 h 30 min');
    expect(told(2.25, 'per_hour', 'en')).toBe('2.3');
    expect(told(3, 'per_week', 'en')).toBe('3');
    expect(told(null, 'share', 'en')).toBe('–');
  });

  it('says what was counted', () => {
    expect(counted(23, 'days', 'en')).toBe('23 days');
    expect(counted(1, 'half_days', 'en')).toBe('1 half-day');
    expect(counted(0, 'stretches', 'en')).toBe('0 stretches');
  });
});
