import { join } from "node:path";
import ts from "typescript";

/** What an entry point gives its users. */
export interface Api {
  readonly classes: readonly ApiClass[];
  readonly functions: readonly ApiText[];
  readonly types: readonly ApiText[];
}

/** A class with the properties that its constructor takes. */
export interface ApiClass {
  readonly name: string;
  readonly doc: string;
  /** As it is called, without `new`; undefined for an abstract class. */
  readonly signature: string | undefined;
  readonly props: readonly ApiProperty[];
  /** What an instance has of its own or inherits, but for what `Construct` has. */
  readonly members: readonly ApiProperty[];
}

/** One property of an object, with the parts of its comment. */
export interface ApiProperty {
  readonly name: string;
  readonly type: string;
  readonly isOptional: boolean;
  readonly doc: string;
  /** What holds if it is not given, in the words of `@default`. */
  readonly fallback: string | undefined;
}

/** A function or a type, as its declaration stands in the sources. */
export interface ApiText {
  readonly name: string;
  readonly doc: string;
  readonly text: string;
}

/** Reads what entry points of this repository export, each sorted by name. */
export function readApi(root: string, entries: readonly string[]): readonly Api[] {
  const config = ts.readConfigFile(join(root, "tsconfig.json"), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const files = entries.map((entry) => join(root, entry));
  const program = ts.createProgram({ rootNames: files, options: { ...options, types: ["node"] } });
  const reader = new Reader(program.getTypeChecker());
  return files.map((file) => reader.read(program.getSourceFile(file)));
}

class Reader {
  readonly #checker: ts.TypeChecker;

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  read(file: ts.SourceFile | undefined): Api {
    const module = file && this.#checker.getSymbolAtLocation(file);
    const exported = module === undefined ? [] : this.#checker.getExportsOfModule(module);
    const named = exported
      .map((symbol): [string, ts.Symbol] => [symbol.name, this.#original(symbol)])
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    const declared = named.flatMap(([name, symbol]) =>
      (symbol.declarations ?? []).slice(0, 1).map((node): Named => ({ name, symbol, node })),
    );
    const texts = (are: (node: ts.Node) => boolean): readonly ApiText[] =>
      declared.filter(({ node }) => are(node)).map((each) => this.#text(each));
    return {
      classes: declared.filter(({ node }) => ts.isClassDeclaration(node)).map((each) => this.#class(each)),
      functions: texts((node) => ts.isFunctionDeclaration(node) || ts.isVariableDeclaration(node)),
      types: texts((node) => ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)),
    };
  }

  #original(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
  }

  #class({ name, symbol }: Named): ApiClass {
    const [constructor] = this.#checker.getTypeOfSymbol(symbol).getConstructSignatures();
    const parameters = constructor?.getParameters() ?? [];
    const isAbstract = symbol.declarations?.some(
      (node) => ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Abstract,
    );
    const last = parameters.at(-1);
    const taken =
      last === undefined || isAbstract === true
        ? []
        : this.#propertiesOf(this.#checker.getTypeOfSymbol(last)).map((each) => this.#property(each));
    const instance = this.#checker.getDeclaredTypeOfSymbol(symbol);
    return {
      name,
      doc: this.#doc(symbol),
      signature: isAbstract === true ? undefined : `${name}(${parameters.map(textOf).join(", ")})`,
      // What must be given comes first.
      props: [...taken.filter(isRequired), ...taken.filter((each) => !isRequired(each))],
      members: instance
        .getProperties()
        .filter(isOwn)
        .map((property) => this.#property(property)),
    };
  }

  /** All properties that one of a union's types has; one that must not be given is none. */
  #propertiesOf(type: ts.Type): readonly ts.Symbol[] {
    const parts = type.isUnion() ? type.types : [type];
    const found = new Map<string, ts.Symbol>();
    for (const property of parts.flatMap((part) => part.getProperties())) {
      const isForbidden = /^(undefined|never)$/.test(
        this.#checker.typeToString(this.#checker.getTypeOfSymbol(property)),
      );
      if (!found.has(property.name) && !isForbidden) found.set(property.name, property);
    }
    return [...found.values()];
  }

  #property(symbol: ts.Symbol): ApiProperty {
    const tag = symbol.getJsDocTags(this.#checker).find(({ name }) => name === "default");
    return {
      name: symbol.name,
      type: typeOf(symbol),
      isOptional: (symbol.flags & ts.SymbolFlags.Optional) !== 0,
      doc: this.#doc(symbol),
      fallback: tag && ts.displayPartsToString(tag.text).replace(/^- /, "").replaceAll(/\s+/g, " "),
    };
  }

  #text({ name, symbol, node }: Named): ApiText {
    return { name, doc: this.#doc(symbol), text: declarationText(node) };
  }

  #doc(symbol: ts.Symbol): string {
    return ts.displayPartsToString(symbol.getDocumentationComment(this.#checker)).replaceAll(/\s+/g, " ");
  }
}

interface Named {
  readonly name: string;
  readonly symbol: ts.Symbol;
  readonly node: ts.Declaration;
}

function isRequired({ isOptional, fallback }: ApiProperty): boolean {
  return !isOptional && fallback === undefined;
}

function isOwn(symbol: ts.Symbol): boolean {
  const [node] = symbol.declarations ?? [];
  if (node === undefined || node.getSourceFile().fileName.includes("/node_modules/")) return false;
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  const name = ts.getNameOfDeclaration(node);
  return !(ts.getCombinedModifierFlags(node) & hidden) && !(name && ts.isPrivateIdentifier(name));
}

function typeOf(symbol: ts.Symbol): string {
  const [node] = symbol.declarations ?? [];
  if (node === undefined) return "";
  if (ts.isMethodDeclaration(node) || ts.isMethodSignature(node)) {
    const parameters = node.parameters.map((each) => oneLine(each)).join(", ");
    return `(${parameters}) => ${node.type === undefined ? "void" : oneLine(node.type)}`;
  }
  if (ts.isGetAccessorDeclaration(node)) return node.type === undefined ? "" : oneLine(node.type);
  const { type } = node as ts.PropertySignature | ts.PropertyDeclaration;
  if (type !== undefined) return oneLine(type);
  const { initializer } = node as ts.PropertyDeclaration;
  return initializer === undefined ? "" : oneLine(initializer).replace(/ as const$/, "");
}

function textOf(parameter: ts.Symbol): string {
  const [node] = parameter.declarations ?? [];
  return node === undefined ? parameter.name : oneLine(node).replace(/ = .*$/, "");
}

/** A function without its body, a type with its own comments. */
function declarationText(node: ts.Node): string {
  if (ts.isFunctionDeclaration(node)) {
    const head = node.getText().slice(0, node.body && node.body.getStart() - node.getStart());
    return head.replace(/^export /, "").trimEnd();
  }
  return node.getText().replace(/^export /, "");
}

function oneLine(node: ts.Node): string {
  return node
    .getText()
    .replaceAll(/\/\*\*.*?\*\/\s*/gs, "")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/^\| /g, "");
}
