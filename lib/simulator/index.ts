// The public door of the simulator: `@cp-is/node-red/simulator`.
export {
  createSpineSimulator,
  type SimulatedMeshOptions,
  type SimulatedSdsOptions,
  type SimulatedSmspOptions,
  type SpineSimulator,
  type SpineSimulatorOptions,
} from "./spine-simulator.js";
export type { SimulatorLimits } from "./simulator-parts.js";
export type {
  RecordedEffect,
  RegisterAccess,
  SimulatedExchange,
  SimulatedParty,
  SimulatedEbxmlPattern,
  SimulatedPattern,
  SimulatorEffects,
  SimulatorEvents,
  SyncSoapForm,
  BusinessInteraction,
  ReliableMessage,
  ReliableOutcome,
} from "./model.js";
export type { UnreadableFileAnswer } from "./cpis/authority-service.js";
export type { CommandOutcome, SimulatorCommand } from "./commands.js";
export type { EffectRecord } from "./spine/business-interactions.js";
export type { TransmissionFault } from "./spine/network-fault.js";
export type { ConductFault, Fault, FaultInjection, FaultMatch } from "./spine/faults.js";
export {
  createPki,
  type CertificateRequest,
  type CertificateUsage,
  type IssuedCertificate,
  type Pki,
  type PkiOptions,
} from "./pki/pki.js";
export { loadOrCreatePki, type FolderPki, type KeptCertificate } from "./pki/pki-folder.js";
export type { CpisRegister, RegisterRecord } from "./cpis/register.js";
export type { ResponseShape } from "./behaviour.js";
export { sampleChildren } from "./cpis/sample-children.js";
export type { RecordHolder, UploadedPlan } from "./cpis/register-uploads.js";
export { specialNumbers } from "./cpis/special-numbers.js";
export { specialUploadNumbers, type SpecialUploadNumber } from "./cpis/special-upload-numbers.js";
export type {
  MailboxDelivery,
  MailboxKeeper,
  SimulatedMailbox,
  SimulatedMesh,
  SimulatedMeshEvents,
  SimulatedMeshMessage,
  SimulatedWorkflowIds,
} from "./mesh/mesh-model.js";
export type { SpecialExpectation, SpecialNumber } from "./cpis/special-number-rows.js";
export { createMeshServer } from "./mesh/mesh-server.js";
export {
  createSimulatedMeshClient,
  type MeshClientConduct,
  type SimulatedMeshClient,
  type SimulatedMeshClientOptions,
} from "./mesh-client/mesh-client-folders.js";
export type { MeshServer, MeshServerLimits, MeshServerOptions } from "./mesh/mesh-server-model.js";
export type { MeshBehaviours } from "./mesh/mesh-behaviours.js";
export type { MeshWorkflow, WorkflowParties } from "./mesh/mesh-directory.js";
export type { MeshCallName, MeshFault, MeshFaultInjection } from "./mesh/mesh-faults.js";
export { createSdsServer, type SdsServer, type SdsServerOptions } from "./sds/sds-server.js";
export type { SdsConduct } from "./sds/sds-behaviour.js";
export type { SimulatedSdsRecord } from "./sds/sds-records.js";
export { createSmspServer, type SmspServer, type SmspServerOptions } from "./smsp/smsp-server.js";
export type { SmspConduct } from "./smsp/smsp-behaviour.js";
export { smspNumbers, type SmspNumber } from "./smsp/smsp-numbers.js";
export {
  createReceivedUploadChecker,
  type ReceivedUploadChecker,
  type ReceivedUploadContext,
} from "./cpis/check-received-upload.js";

// What Spine, CP-IS and a mini service say, written for the tests of a receiver.
export {
  encodeApplicationAcknowledgement,
  encodeQueryFailure,
  type ApplicationAcknowledgement,
  type QueryFailure,
  type QueryFailureForm,
} from "./messages/application-acknowledgement.js";
export {
  encodeQueryResponse,
  smspResponseNode,
  type QueryResponse,
  type ResponsePayload,
  type ResponseRecord,
  type SmspResponse,
} from "./messages/query-response.js";
export type { QueryResponseDeviation } from "./messages/query-response-deviations.js";
export { parseBareQueryStub } from "./messages/query-stub.js";
