import type { ApplyControlPlane, Operation, PendingWork } from "./operation.ts";

export const applyControlPlane: ApplyControlPlane = () => Promise.reject(new Error("In work"));

export const pendingControlPlane = (
  _operation: Operation,
  _request: Parameters<ApplyControlPlane>[1],
): Promise<PendingWork> => Promise.reject(new Error("In work"));
