/** The types of the minor version that clusters have if nothing else is said. */
export type * from "./types-1.35.ts";
