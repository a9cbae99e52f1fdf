/** What a figure is held to. */
export type Target = { atMost: number } | { atLeast: number };

/** One measured thing. */
export interface Figure {
  /** `group/what`; unique. */
  figure: string;
  value: number;
  /** Of `value`; `×` where it is measured ÷ baseline. */
  unit: string;
  /** What we need or do, where `value` is a ratio. */
  measured?: number;
  /** What is compared with, measured in the same run. */
  baseline: number | null;
  /** Of `measured` and `baseline`. */
  baselineUnit?: string;
  target: Target | null;
  /** The value that is a mistake wherever it is measured; unless given, three times past the target. */
  gross?: number;
}

/** How far past its target a figure is no longer explained by a busy machine. */
const GROSS_FACTOR = 3;

/** A figure of how ours compares with a baseline, both in `unit`. */
export function ratio(
  figure: string,
  of: { ours: number; baseline: number; unit: string; target: Target | null; gross?: number }
): Figure {
  return {
    figure,
    value: of.ours / of.baseline,
    unit: '×',
    measured: of.ours,
    baseline: of.baseline,
    baselineUnit: of.unit,
    target: of.target,
    ...(of.gross !== undefined && { gross: of.gross }),
  };
}

/** A figure that stands by itself. */
export function plain(
  figure: string,
  of: { value: number; unit: string; baseline?: number; target: Target | null; gross?: number }
): Figure {
  return {
    figure,
    value: of.value,
    unit: of.unit,
    baseline: of.baseline ?? null,
    baselineUnit: of.unit,
    target: of.target,
    ...(of.gross !== undefined && { gross: of.gross }),
  };
}

/** Whether the target is reached; null where there is none. */
export function isMet({ value, target }: Figure): boolean | null {
  return target === null ? null : reaches(value, target);
}

/** Whether the figure is so far off that something is broken. */
export function isGrosslyMissed({ value, target, gross }: Figure): boolean {
  if (target === null) return !Number.isFinite(value);
  if ('atMost' in target) return !reaches(value, { atMost: gross ?? target.atMost * GROSS_FACTOR });
  return !reaches(value, { atLeast: gross ?? target.atLeast / GROSS_FACTOR });
}

function reaches(value: number, target: Target): boolean {
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast;
}

/** `≤ 1.03`, `≥ 0.8`, or nothing. */
export function targetText(target: Target | null): string | null {
  if (target === null) return null;
  return 'atMost' in target ? `≤ ${target.atMost}` : `≥ ${target.atLeast}`;
}
