export type { Bundle } from "./bundle.ts";
export { pulumiEnvironment } from "./environment.ts";
export { clearBuildCache } from "./go-build.ts";
export { linkPlugins, resolvePulumi } from "./pulumi.ts";
export type { Pulumi } from "./pulumi.ts";
export { resolveBundle } from "./resolve-bundle.ts";
export { resolve } from "./resolve.ts";
export { cacheDirectory } from "./settings.ts";
export { defaultKubernetes } from "./versions.ts";
