// `@cp-is/node-red/schema`: messages checked by an organisation's own copy of the national schemas.
export type { SchemaFile, SchemaFinding, SchemaSet, SchemaVerdict } from "../schema/model.js";
export { readSchemas } from "../schema/read-schemas.js";
export { createSchemaWitness, type SchemaWitness, type SchemaWitnessOptions } from "../schema/schema-witness.js";
