import { dirname } from "node:path/posix";
import { command } from "../../remote/quote.ts";
import { sha256 } from "../view.ts";
import type { Change, HostView, Phase, WantedFile } from "../view.ts";
import { registryFiles } from "./hosts-file.ts";

/**
 * Tells containerd about mirrors, credentials and authorities of registries, and takes back what the program tells no
 * more. Files that somebody else wrote stay as they are. Nothing is started anew: containerd reads them at every pull.
 */
export const registries: Phase = {
  title: "registries",
  plan: (view) => {
    const wanted = Object.entries(view.cluster.registries ?? {}).map(
      ([name, registry]) => [name, registryFiles(name, registry)] as const,
    );
    return [
      ...setWanted(view, wanted),
      ...forgetOthers(
        view,
        wanted.flatMap(([, files]) => files),
      ),
    ];
  },
};

function setWanted(
  { facts }: HostView,
  wanted: readonly (readonly [string, readonly WantedFile[]])[],
): readonly Change[] {
  const wrong = wanted.flatMap(([name, files]) => {
    const different = files.filter(({ path, content, mode = 0o644 }) => {
      const file = facts.registries?.[path];
      return file?.sha256 !== sha256(content) || file.mode !== mode.toString(8);
    });
    return different.length === 0 ? [] : [[name, different] as const];
  });
  if (wrong.length === 0) return [];
  return [
    {
      intent: `set the registries ${wrong.map(([name]) => name).join(", ")}`,
      work: async ({ runner, signal }) => {
        // Authorities come first: whoever names one finds it.
        for (const { path, content, mode = 0o644 } of wrong.flatMap(([, files]) => files.toReversed())) {
          await runner.write(path, content, { mode, signal });
        }
      },
    },
  ];
}

function forgetOthers({ facts }: HostView, wanted: readonly WantedFile[]): readonly Change[] {
  const paths = new Set(wanted.map(({ path }) => path));
  const gone = Object.entries(facts.registries ?? {}).filter(
    ([path, { isOurs }]) => isOurs && !paths.has(path),
  );
  if (gone.length === 0) return [];
  const files = gone.map(([path]) => path).sort();
  const names = [...new Set(files.map((path) => path.split("/").at(-2) ?? ""))];
  return [
    {
      intent: `forget what was set for the registries ${names.join(", ")}`,
      work: async ({ runner, signal }) => {
        const folders = [...new Set(files.map(dirname))];
        const script = command`rm -f ${files} && { rmdir ${folders} 2>/dev/null || true; }`;
        await runner.run(script, { signal });
      },
    },
  ];
}
