import { join } from "node:path";

import ts from "typescript";

/** A TypeScript program that a page shows whole: a `ts` block with at least one import. */
export interface Snippet {
  readonly page: string;
  /** Line of the page where the block's first line stands. */
  readonly line: number;
  readonly text: string;
}

/** The complete programs of a page; blocks without an import are fragments that only the text around them completes. */
export function findSnippets(page: string, text: string): readonly Snippet[] {
  return [...text.matchAll(/^```(?:ts|typescript)\n([\s\S]*?)^```/gm)]
    .map((match) => ({
      page,
      line: text.slice(0, match.index).split("\n").length + 1,
      text: match[1] ?? "",
    }))
    .filter((snippet) => /^import\s/m.test(snippet.text));
}

/** Type-checks snippets as if each were a file beside `package.json`, so that `keelson/…` is this repository. */
export function checkSnippets(root: string, snippets: readonly Snippet[]): readonly string[] {
  const byFile = new Map(snippets.map((snippet, index) => [join(root, `snippet-${index}.ts`), snippet]));
  const options = compilerOptions(root);
  const program = ts.createProgram([...byFile.keys()], options, overlayHost(options, byFile));
  return ts.getPreEmitDiagnostics(program).flatMap((diagnostic) => {
    const snippet = diagnostic.file && byFile.get(diagnostic.file.fileName);
    if (snippet === undefined) return [];
    const { line } = ts.getLineAndCharacterOfPosition(
      diagnostic.file as ts.SourceFile,
      diagnostic.start ?? 0,
    );
    return [
      `${snippet.page}:${snippet.line + line}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, " ")}`,
    ];
  });
}

function compilerOptions(root: string): ts.CompilerOptions {
  const config: unknown = ts.readConfigFile(join(root, "tsconfig.json"), (path) =>
    ts.sys.readFile(path),
  ).config;
  const { options } = ts.parseJsonConfigFileContent(config, { ...ts.sys, readDirectory: () => [] }, root);
  // A page may name a value only to show that it exists.
  return { ...options, noUnusedLocals: false, noUnusedParameters: false };
}

function overlayHost(options: ts.CompilerOptions, overlay: ReadonlyMap<string, Snippet>): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const onDisk = { fileExists: host.fileExists.bind(host), readFile: host.readFile.bind(host) };
  host.fileExists = (path) => overlay.has(path) || onDisk.fileExists(path);
  host.readFile = (path) => overlay.get(path)?.text ?? onDisk.readFile(path);
  return host;
}
