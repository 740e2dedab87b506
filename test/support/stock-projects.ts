import { soundProps } from "./constructs.ts";

/**
 * What `cdk8s init typescript-app` of cdk8s-cli 2.207 makes, without its own placeholder resources: CommonJS, Jest with
 * ts-jest, the library of ECMAScript 2016, and declarations of libraries that are checked too.
 */
export function cdk8sProject(): Readonly<Record<string, string>> {
  return {
    "package.json": json({
      name: "shop",
      version: "1.0.0",
      main: "main.js",
      types: "main.ts",
      private: true,
      scripts: { synth: "cdk8s synth", compile: "tsc --build", test: "jest" },
      devDependencies: {
        "cdk8s-cli": "2.207.60",
        "@types/node": "^14",
        "@types/jest": "^29",
        jest: "^29",
        "ts-jest": "^29",
        typescript: "5.9.x",
        "ts-node": "^10",
      },
    }),
    "cdk8s.yaml": "language: typescript\napp: npx ts-node main.ts\n",
    "tsconfig.json": json({
      compilerOptions: {
        alwaysStrict: true,
        declaration: true,
        experimentalDecorators: true,
        inlineSourceMap: true,
        inlineSources: true,
        lib: ["es2016"],
        module: "CommonJS",
        noEmit: false,
        noEmitOnError: true,
        noFallthroughCasesInSwitch: true,
        noImplicitAny: true,
        noImplicitReturns: true,
        noImplicitThis: true,
        noUnusedLocals: true,
        noUnusedParameters: true,
        resolveJsonModule: true,
        strict: true,
        strictNullChecks: true,
        strictPropertyInitialization: true,
        stripInternal: true,
        target: "ES2017",
      },
      include: ["**/*.ts"],
      exclude: ["node_modules"],
    }),
    "jest.config.js": [
      "module.exports = {",
      '  roots: ["<rootDir>"],',
      '  moduleFileExtensions: ["ts", "tsx", "js", "mjs", "cjs", "jsx", "json", "node"],',
      '  testMatch: ["**/*.test.ts"],',
      '  transform: { "^.+\\\\.tsx?$": "ts-jest" },',
      "};",
    ].join("\n"),
    "main.ts": chartProgram,
    "main.test.ts": chartTest,
  };
}

/** What `pulumi new typescript` makes: CommonJS that Pulumi's own ts-node compiles. */
export function pulumiProject(program: string): Readonly<Record<string, string>> {
  return {
    "package.json": json({
      name: "platform",
      main: "index.ts",
      private: true,
      devDependencies: { "@types/node": "^18", typescript: "^5.0.0" },
    }),
    "Pulumi.yaml": [
      "name: platform",
      "description: A minimal TypeScript Pulumi program",
      "runtime: nodejs",
      "plugins:",
      "  providers:",
      "    - name: keelson",
      "      path: node_modules/keelson/dist/stacks/provider/bin",
      "",
    ].join("\n"),
    "tsconfig.json": json({
      compilerOptions: {
        strict: true,
        outDir: "bin",
        target: "es2020",
        module: "commonjs",
        moduleResolution: "node",
        sourceMap: true,
        experimentalDecorators: true,
        pretty: true,
        noFallthroughCasesInSwitch: true,
        noImplicitReturns: true,
        forceConsistentCasingInFileNames: true,
      },
      files: ["index.ts"],
    }),
    "index.ts": program,
  };
}

const props = JSON.stringify(soundProps);

const chartProgram = `
import { Construct } from 'constructs';
import { App, Chart, ChartProps } from 'cdk8s';
import { WebService } from 'keelson/constructs';

export class MyChart extends Chart {
  constructor(scope: Construct, id: string, props: ChartProps = { }) {
    super(scope, id, props);
    new WebService(this, 'web', ${props});
  }
}

const app = new App();
new MyChart(app, 'shop');
app.synth();
`;

const chartTest = `
import { MyChart } from './main';
import { Testing } from 'cdk8s';
import { WebService } from 'keelson/constructs';
import { goldenCases, render } from 'keelson/constructs/testing';

describe('The shop', () => {
  test('renders', () => {
    const chart = new MyChart(Testing.app(), 'test-chart');
    expect(Testing.synth(chart).map(({ kind }) => kind)).toContain('Deployment');
  });

  test('is what the test kit expects, and the kit fails for what it is not', () => {
    const shop = render((chart) => new WebService(chart, 'web', ${props}));
    shop.expect('Deployment', { spec: { replicas: 2 } });
    expect(() => shop.expect('Deployment', { spec: { replicas: 3 } })).toThrow(/replicas/);
  });

  for (const { title, run } of goldenCases(
    { error_half_a_pod: { input: 0.5, findings: ['invalid-value'] } },
    (chart, replicas: number) => { new WebService(chart, 'web', { ...${props}, replicas }); },
  )) test(title, run);

  test('does not compile with a wrong property', () => {
    // @ts-expect-error: the port is text
    expect(() => new WebService(new MyChart(Testing.app(), 'bad'), 'bad', { ...${props}, port: '8080' })).not.toThrow();
  });
});
`;

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
