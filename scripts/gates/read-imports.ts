import ts from "typescript";

/** One module that a source file names, by any of the ways that TypeScript has. */
export interface SourceImport {
  readonly specifier: string;
  /** True if nothing of it is left when the types are stripped. */
  readonly typeOnly: boolean;
  readonly line: number;
}

/** Every import of a source text: static, dynamic, re-exports, `require` and import types. */
export function readImports(path: string, text: string): readonly SourceImport[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: SourceImport[] = [];
  const visit = (node: ts.Node): void => {
    const named = namedModule(node);
    if (named !== undefined && ts.isStringLiteralLike(named.module)) {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      found.push({ specifier: named.module.text, typeOnly: named.typeOnly, line });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function namedModule(node: ts.Node): { module: ts.Node; typeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node)) {
    return {
      module: node.moduleSpecifier,
      typeOnly: node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword,
    };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    return { module: node.moduleSpecifier, typeOnly: node.isTypeOnly };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return { module: node.argument.literal, typeOnly: true };
  }
  if (ts.isExternalModuleReference(node)) return { module: node.expression, typeOnly: false };
  if (ts.isCallExpression(node) && loadsModule(node.expression)) {
    const [module] = node.arguments;
    return module === undefined ? undefined : { module, typeOnly: false };
  }
  return undefined;
}

function loadsModule(callee: ts.Expression): boolean {
  return (
    callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === "require")
  );
}
