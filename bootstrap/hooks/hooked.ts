import type { Hook, HookPoint } from "../../clusters/settings/hooks.ts";
import { command } from "../../remote/quote.ts";
import { paths } from "../paths.ts";
import type { Change, ChangeContext, HostView, Phase } from "../view.ts";
import { runHook } from "./run-hook.ts";

/**
 * The phase with the program's hooks around it: they run only if it changes something. Those after it are noted on the
 * host before its first change and until they have succeeded, so that one which failed, or was cut off, is run by the
 * next run although nothing is left to change then.
 */
export function hooked<View extends HostView>(point: HookPoint, phase: Phase<View>): Phase<View> {
  const again = hookedAgain(point, phase);
  return {
    title: phase.title,
    plan: (view) => {
      const changes = again.plan(view);
      if (changes.length > 0) return changes;
      return hooksAt(view, "after", point)
        .filter(([name]) => isDue(view, name))
        .map(toChange(view));
    },
  };
}

/** The same for a further phase of a place in one plan: what is owed there runs at the first one. */
export function hookedAgain<View extends HostView>(point: HookPoint, phase: Phase<View>): Phase<View> {
  return {
    title: phase.title,
    plan: (view) => {
      const [first, ...rest] = phase.plan(view);
      if (first === undefined) return [];
      const after = hooksAt(view, "after", point);
      return [
        ...hooksAt(view, "before", point).map(toChange(view)),
        after.length === 0 ? first : noting(first, after),
        ...rest,
        ...after.map(toChange(view)),
      ];
    },
  };
}

/** The part of the facts script about hooks that have yet to run. */
export const hooksPart = `
section dueHooks; list ${paths.dueHooks}`;

type NamedHook = readonly [name: string, hook: Hook];

/** In the order of their names: that of a record does not survive the way through the engine. */
function hooksAt({ host }: HostView, when: "before" | "after", point: HookPoint): readonly NamedHook[] {
  return Object.entries(host.hooks ?? {})
    .filter(([, hook]) => hook[when] === point)
    .sort(([left], [right]) => (left < right ? -1 : 1));
}

function isDue({ facts }: HostView, name: string): boolean {
  return facts.dueHooks?.includes(name) === true;
}

function toChange(view: HostView): (hook: NamedHook) => Change {
  return ([name, hook]) => {
    const { before, after = "" } = hook;
    return {
      intent: `run hook "${name}" ${before === undefined ? `after ${after}` : `before ${before}`}`,
      work: (context) => runHook(view, context, { name, hook }),
    };
  };
}

function noting({ intent, work }: Change, after: readonly NamedHook[]): Change {
  const notes = after.map(([name]) => `${paths.dueHooks}/${name}`);
  return {
    intent,
    work: async (context: ChangeContext) => {
      const { runner, signal } = context;
      await runner.run(command`mkdir -p ${paths.dueHooks} && touch ${notes}`, { signal });
      await work(context);
    },
  };
}
