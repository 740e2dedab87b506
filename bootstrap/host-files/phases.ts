import { command, quote } from "../../remote/quote.ts";
import { paths } from "../paths.ts";
import { sha256 } from "../view.ts";
import type { ChangeContext, HostView, Phase, WantedFile } from "../view.ts";

/** Is added to the name of a file that was there before the program's. */
export const formerSuffix = ".keelson-former";

/** Writes the program's files, before anything that may read them. What was there before is kept beside them. */
export const hostFiles: Phase = {
  title: "files",
  plan: (view) => {
    const { found = {}, owned = [] } = view.facts.hostFiles ?? {};
    const wrong = wantedFiles(view).filter(({ path, content, mode = 0o644 }) => {
      const file = found[path];
      return !owned.includes(path) || file?.sha256 !== sha256(content) || file.mode !== mode.toString(8);
    });
    if (wrong.length === 0) return [];
    const foreign = wrong.filter(({ path }) => !owned.includes(path));
    return [
      {
        intent: `write ${wrong.map(({ path }) => path).join(", ")}`,
        work: async (context) => {
          await own(
            context,
            foreign.map(({ path }) => path),
          );
          for (const { path, content, mode = 0o644 } of wrong) {
            await context.runner.write(path, content, { mode, signal: context.signal });
          }
        },
      },
    ];
  },
};

/** Takes files away that left the program, after everything that may have read them; what was there before comes back. */
export const formerFiles: Phase = {
  title: "former files",
  plan: (view) => {
    const wanted = new Set(wantedFiles(view).map(({ path }) => path));
    const gone = (view.facts.hostFiles?.owned ?? []).filter((path) => !wanted.has(path));
    if (gone.length === 0) return [];
    return [
      {
        intent: `take away ${gone.join(", ")}`,
        work: async ({ runner, signal }) => {
          await runner.run(gone.map(disownLine).join("\n"), { signal });
        },
      },
    ];
  },
};

/** For the reset of a host: all files of the program's go, and what was there before comes back. */
export const giveFilesBack = `[ ! -f ${paths.ownedFiles} ] || while IFS= read -r f; do rm -f "$f"; [ ! -e "$f${formerSuffix}" ] || mv "$f${formerSuffix}" "$f"; done <${paths.ownedFiles}`;

function wantedFiles({ host }: HostView): readonly WantedFile[] {
  return Object.entries(host.files ?? {}).map(([path, file]) => ({ path, ...file }));
}

/** What is there is put aside before the path is noted as the program's: noted first, it would be lost by a removal. */
async function own({ runner, signal }: ChangeContext, files: readonly string[]): Promise<void> {
  if (files.length === 0) return;
  const lines = files.map((path) => {
    const former = `${path}${formerSuffix}`;
    return command`[ ! -e ${path} ] || [ -e ${former} ] || cp -p ${path} ${former}; echo ${path} >> ${paths.ownedFiles}`;
  });
  await runner.run([`mkdir -p /etc/keelson`, ...lines].join("\n"), { signal });
}

/** The note goes last, so that a removal which was cut off goes on. */
function disownLine(path: string): string {
  const former = `${path}${formerSuffix}`;
  const list = paths.ownedFiles;
  return `${command`rm -f ${path}; [ ! -e ${former} ] || mv -f ${former} ${path}`}
grep -vxF ${quote(path)} ${list} >${list}.part; mv -f ${list}.part ${list}`;
}
