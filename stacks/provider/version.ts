import manifest from "../../package.json" with { type: "json" };

/** The version of this package: the SDK and the provider must have the same one. */
export const version: string = manifest.version;
