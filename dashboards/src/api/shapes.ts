/** Short names for the shapes of the contract; all of them come from schemas/openapi.json. */
import type { components } from './types';

type Schemas = components['schemas'];

export type WhoAmI = Schemas['WhoAmI'];
export type Role = Schemas['Role'];
export type TeamEntry = Schemas['TeamEntry'];
export type Stat = Schemas['Stat'];
export type Figures = Schemas['Figures'];
export type HeatMap = Schemas['HeatMap'];
export type HeatCell = Schemas['HeatCell'];
export type Trends = Schemas['Trends'];
export type MyTrends = Schemas['MyTrends'];
export type Timeline = Schemas['Timeline'];
export type Summary = Schemas['Summary'];
export type LiveNow = Schemas['LiveNow'];
export type LiveToday = Schemas['LiveToday'];
export type LiveWindow = Schemas['LiveWindow'];
/** What a page holds is always a merged snapshot, so every field is there. */
export type TeamLive = Required<Schemas['TeamLive']>;
export type MyWindow = Schemas['MyWindow'];
export type MyDay = Schemas['MyDay'];
export type MeLive = Required<Schemas['MeLive']>;
export type BurnoutPoint = Schemas['BurnoutPoint'];
export type MyBurnout = Schemas['Burnout'];
export type Advice = Schemas['Advice'];
export type Evidence = Schemas['Evidence'];
export type MyAdvice = Schemas['MyAdvice'];
export type TeamBurnout = Schemas['TeamBurnout'];
export type Accuracy = Schemas['BurnoutAccuracy'];
export type Problem = Schemas['Problem'];
export type MyOutlook = Schemas['MyOutlook'];
export type OutlookMeasure = Schemas['OutlookMeasure'];
export type Forecast = Schemas['Forecast'];
export type LevelChange = Schemas['LevelChange'];
export type UnusualDay = Schemas['UnusualDay'];
export type WorkWeek = Schemas['WorkWeek'];
