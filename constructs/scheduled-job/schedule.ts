/** Whether a text is a schedule that the cluster understands: five fields within their bounds, or a word. */
export function isSchedule(text: unknown): boolean {
  if (typeof text !== "string") return false;
  if (/^@(hourly|daily|midnight|weekly|monthly|yearly|annually)$/.test(text)) return true;
  const parts = text.trim().split(/\s+/);
  return parts.length === fields.length && fields.every((field, index) => isField(parts[index] ?? "", field));
}

interface Field {
  readonly least: number;
  readonly most: number;
  /** Names of the values, from the least on. */
  readonly names?: readonly string[];
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const fields: readonly Field[] = [
  { least: 0, most: 59 },
  { least: 0, most: 23 },
  { least: 1, most: 31 },
  { least: 1, most: 12, names: months },
  { least: 0, most: 6, names: days },
];

function isField(text: string, field: Field): boolean {
  return text.split(",").every((item) => {
    const [range = "", step, ...rest] = item.split("/");
    const isStep = step === undefined || (/^\d+$/.test(step) && Number(step) > 0);
    return rest.length === 0 && isStep && isRange(range, field);
  });
}

function isRange(text: string, field: Field): boolean {
  if (text === "*" || text === "?") return true;
  const ends = text.split("-").map((end) => valueOf(end, field));
  const [from = Number.NaN, to = from] = ends;
  return ends.length <= 2 && from >= field.least && to <= field.most && from <= to;
}

function valueOf(text: string, { least, names = [] }: Field): number {
  const index = names.indexOf(text.toLowerCase());
  if (index !== -1) return least + index;
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}
