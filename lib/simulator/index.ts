// The public door of the simulator: `@cp-is/node-red/simulator`.
export { createSpineSimulator } from "./spine-simulator.js";
export type {
  SimulatedExchange,
  SimulatedMeshOptions,
  SimulatedParty,
  SimulatedEbxmlPattern,
  SimulatedPattern,
  SimulatedSdsOptions,
  SimulatedSmspOptions,
  SimulatorEffects,
  SimulatorEvents,
  SimulatorLimits,
  SyncSoapForm,
  SpineSimulator,
  SpineSimulatorOptions,
} from "./model.js";
export type { UnreadableFileAnswer } from "./authority-side.js";
export type { CommandOutcome, SimulatorCommand } from "./commands.js";
export type { BusinessInteraction, EffectRecord, RecordedEffect } from "./business-interactions.js";
export type { TransmissionFault } from "./disturbance.js";
export type { ConductFault, Fault, FaultInjection, FaultMatch } from "./faults.js";
export type { ReliableMessage, ReliableOutcome } from "./reliable-sender.js";
export {
  createPki,
  type CertificateRequest,
  type CertificateUsage,
  type IssuedCertificate,
  type Pki,
  type PkiOptions,
} from "./pki.js";
export { loadOrCreatePki, type FolderPki, type KeptCertificate } from "./pki-folder.js";
export type { CpisRegister, RegisterAccess, RegisterRecord } from "./register.js";
export type { ResponseShape } from "./response-shape.js";
export { sampleChildren } from "./sample-children.js";
export type { RecordHolder, UploadedPlan } from "./register-uploads.js";
export { specialNumbers } from "./special-numbers.js";
export { specialUploadNumbers, type SpecialUploadNumber } from "./special-upload-numbers.js";
export type {
  MailboxDelivery,
  MailboxKeeper,
  SimulatedMailbox,
  SimulatedMesh,
  SimulatedMeshEvents,
  SimulatedMeshMessage,
  SimulatedWorkflowIds,
} from "./mesh-model.js";
export type { SpecialExpectation, SpecialNumber } from "./special-number-rows.js";
export { createMeshServer } from "./mesh-server.js";
export {
  createSimulatedMeshClient,
  type MeshClientConduct,
  type SimulatedMeshClient,
  type SimulatedMeshClientOptions,
} from "./mesh-client-folders.js";
export type { MeshServer, MeshServerLimits, MeshServerOptions } from "./mesh-server-model.js";
export type { MeshBehaviours } from "./mesh-behaviours.js";
export type { MeshWorkflow, WorkflowParties } from "./mesh-directory.js";
export type { MeshCallName, MeshFault, MeshFaultInjection } from "./mesh-faults.js";
export { createSdsServer, type SdsServer, type SdsServerOptions } from "./sds-server.js";
export type { SdsConduct } from "./sds-conduct.js";
export type { SimulatedSdsRecord } from "./sds-records.js";
export { createSmspServer, type SmspServer, type SmspServerOptions } from "./smsp-server.js";
export type { SmspConduct } from "./smsp-conduct.js";
export { smspNumbers, type SmspNumber } from "./smsp-numbers.js";
