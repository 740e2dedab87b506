import type { ResetHosts } from "./operation.ts";

export const resetHosts: ResetHosts = () => Promise.reject(new Error("In work"));
