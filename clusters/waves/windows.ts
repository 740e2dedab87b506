/** When a wave may begin: hours of the clock on days of the week, as people at a place read them. */
export interface MaintenanceWindow {
  /** Days on which it begins. @default - every day */
  readonly days?: readonly Day[];
  /** Its first minute, `22:00` for example. */
  readonly from: string;
  /** The minute at which it is over, up to `24:00`; on the day after if it is not later than `from`. */
  readonly to: string;
  /** IANA name, `Europe/Berlin` for example. */
  readonly timeZone: string;
}

/** Days of the week, from Sunday on. */
const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
export type Day = (typeof days)[number];

const minuteMs = 60_000;
const dayMinutes = 24 * 60;
/** A weekly window that falls into the hour that a clock leaves out comes a week later. */
const horizonMinutes = 15 * dayMinutes;

/** Whether one of the windows is open; true if there are none. Pure, `at` is in milliseconds since 1970. */
export function isOpen(windows: readonly MaintenanceWindow[], at: number): boolean {
  return windows.length === 0 || windows.some((window) => opens(window)(at));
}

/** The first minute from a time on in which a window is open; undefined if there is none in the next two weeks. Pure. */
export function nextOpening(windows: readonly MaintenanceWindow[], at: number): number | undefined {
  if (isOpen(windows, at)) return at;
  const all = windows.map(opens);
  const first = Math.ceil(at / minuteMs) * minuteMs;
  for (let minute = 0; minute <= horizonMinutes; minute += 1) {
    const time = first + minute * minuteMs;
    if (all.some((isOpenAt) => isOpenAt(time))) return time;
  }
  return undefined;
}

/** What is wrong with a window; undefined if nothing is. Pure. */
export function windowProblem({ days: list, from, to, timeZone }: MaintenanceWindow): string | undefined {
  if (list?.length === 0) return "a window on no day never opens";
  const unknown = list?.find((day) => !days.includes(day));
  if (unknown !== undefined) return `"${unknown}" is none of ${days.join(", ")}`;
  const wrong = [from, to].find((time) => Number.isNaN(minuteOf(time)));
  if (wrong !== undefined) return `"${wrong}" is no time such as 22:00`;
  if (from === "24:00") return 'a window begins at "00:00" of the next day, not at "24:00"';
  if (from === to) return `a window from ${from} to ${to} is none; a whole day is from 00:00 to 24:00`;
  return isTimeZone(timeZone) ? undefined : `there is no time zone "${timeZone}"`;
}

/** A window in words. */
export function describeWindow({ days: list, from, to, timeZone }: MaintenanceWindow): string {
  return `${list === undefined ? "daily" : list.join(", ")} ${from}-${to} ${timeZone}`;
}

function opens(window: MaintenanceWindow): (at: number) => boolean {
  const [from, to] = [minuteOf(window.from), minuteOf(window.to)];
  const clock = new Intl.DateTimeFormat("en-US", {
    timeZone: window.timeZone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return (at) => {
    const { day, minute } = readClock(clock, at);
    if (from < to) return isDay(window, day) && minute >= from && minute < to;
    return minute >= from ? isDay(window, day) : minute < to && isDay(window, day - 1);
  };
}

function isDay({ days: list = days }: MaintenanceWindow, day: number): boolean {
  return list.some((name) => name === days[(day + 7) % 7]);
}

function readClock(
  clock: Intl.DateTimeFormat,
  at: number,
): { readonly day: number; readonly minute: number } {
  const parts = new Map(clock.formatToParts(at).map(({ type, value }) => [type, value]));
  const day = days.findIndex((name) => name === parts.get("weekday")?.toLowerCase());
  return { day, minute: Number(parts.get("hour")) * 60 + Number(parts.get("minute")) };
}

/** NaN if it is no time. */
function minuteOf(time: string): number {
  const [, hour, minute] = /^(\d\d):([0-5]\d)$/u.exec(time) ?? [];
  const total = Number(hour) * 60 + Number(minute);
  return total <= dayMinutes ? total : Number.NaN;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
