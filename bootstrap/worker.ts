import type { ApplyWorker, Operation, PendingWork, RemoveWorker, WorkerRequest } from "./operation.ts";

export const applyWorker: ApplyWorker = () => Promise.reject(new Error("In work"));

export const removeWorker: RemoveWorker = () => Promise.reject(new Error("In work"));

export const pendingWorker = (_operation: Operation, _request: WorkerRequest): Promise<PendingWork> =>
  Promise.reject(new Error("In work"));
