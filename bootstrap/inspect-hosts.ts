import type { InspectHosts } from "./operation.ts";

export const inspectHosts: InspectHosts = () => Promise.reject(new Error("In work"));
