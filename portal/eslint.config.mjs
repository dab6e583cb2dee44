// What the GraphQL schema is held to. Run by `npm run lint:schema` from portal/.
import { fileURLToPath } from "node:url";
import path from "node:path";
import graphqlPlugin from "@graphql-eslint/eslint-plugin";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

export default [
  {
    files: ["graph/schema/**/*.graphqls"],
    plugins: { "@graphql-eslint": graphqlPlugin },
    languageOptions: {
      parser: graphqlPlugin.parser,
      parserOptions: {
        graphQLConfig: { schema: path.join(root, "graph/schema/**/*.graphqls") },
      },
    },
    rules: {
      // The schema is the manual of the service: whoever reads a name there reads what it means.
      "@graphql-eslint/require-description": [
        "error",
        {
          types: true,
          DirectiveDefinition: true,
          EnumValueDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
        },
      ],
    },
  },
];
