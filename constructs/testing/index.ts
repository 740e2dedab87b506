export { type Case, goldenCases, type GoldenCase } from "./golden-cases.ts";
export { type Expected, mismatches } from "./mismatches.ts";
export { render, type RenderOptions, Rendering, type RenderedObject } from "./render.ts";
