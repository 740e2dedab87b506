import { readApi } from "./read-api.ts";
import { renderPage } from "./render-page.ts";

/** The reference pages by path, as the sources of a repository make them. */
export function referencePages(root: string): ReadonlyMap<string, string> {
  const apis = readApi(
    root,
    entries.map(([entry]) => entry),
  );
  return new Map(
    entries.map(([, page, opening], index) => [
      page,
      renderPage(opening, apis[index] ?? { classes: [], functions: [], types: [] }),
    ]),
  );
}

/** Reference pages that are not what the sources make. */
export function findStale(root: string, pages: ReadonlyMap<string, string>): readonly string[] {
  return [...referencePages(root)]
    .filter(([page, text]) => pages.get(page) !== text)
    .map(([page]) => `${page}: Cannot differ from the sources: run npm run reference`);
}

const note = "Written by `npm run reference` from the sources.";

/** The entry points that have a reference page, and how each page opens. */
const entries: readonly (readonly [entry: string, page: string, opening: string])[] = [
  [
    "constructs/index.ts",
    "docs/reference/constructs.md",
    `# Reference: keelson/constructs

\`\`\`ts
import { App, Chart } from "cdk8s";
import { WebService } from "keelson/constructs";

new WebService(new Chart(new App(), "shop"), "web", { image: "ghcr.io/acme/web:1.4.2", port: 8080 });
\`\`\`

Everything that \`keelson/constructs\` exports. [Constructs](../constructs.md) says what it is for. ${note}`,
  ],
  [
    "constructs/testing/index.ts",
    "docs/reference/testing.md",
    `# Reference: keelson/constructs/testing

\`\`\`ts
import { WebService } from "keelson/constructs";
import { render } from "keelson/constructs/testing";

const shop = render((chart) => new WebService(chart, "web", { image: "ghcr.io/acme/web:1.4.2", port: 8080 }));
shop.expect("Deployment", { spec: { replicas: 2 } });
\`\`\`

Everything that the test kit exports. [Constructs](../constructs.md#testing-what-you-write) says how to use it. ${note}`,
  ],
];
