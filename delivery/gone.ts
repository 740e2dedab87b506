import { KeelsonError } from "../errors.ts";
import { type KubeObject, nameOf } from "../kube/object.ts";
import { waitFor } from "../remote/wait.ts";
import { findLive } from "./look.ts";
import { type Session, signalOf } from "./session.ts";

/** The object as it is now; undefined if it is gone, or another one has its name. */
export async function sameObject(session: Session, object: KubeObject): Promise<KubeObject | undefined> {
  const live = await findLive(session, object);
  return live?.metadata.uid === object.metadata.uid ? live : undefined;
}

/** Waits for the end of an object whose deletion has begun; false if its finalizers take longer, in milliseconds. */
export async function isGoneInTime(
  session: Session,
  object: KubeObject,
  deadlineMs: number,
): Promise<boolean> {
  let why = "its deletion has not ended";
  try {
    await waitFor({
      what: `${nameOf(object)} on "${session.cluster}" to be gone`,
      deadlineMs,
      ...signalOf(session),
      probe: async () => {
        const live = await sameObject(session, object);
        if (live === undefined) return true;
        const { finalizers = [] } = live.metadata;
        if (finalizers.length > 0) why = `it waits for ${finalizers.join(", ")}`;
        return undefined;
      },
      diagnose: () => Promise.resolve(why),
      onWaiting: (reason) => {
        session.emit({ type: "waiting", why: `${nameOf(object)}: ${reason}` });
      },
    });
    return true;
  } catch (error) {
    if (KeelsonError.is(error) && error.code === "KEELSON_TIMEOUT") return false;
    throw error;
  }
}
