// The ops' names.

#ifndef A2U_CUSTOM_OPS_TENSORFLOW_OP_DEFINITIONS_H_
#define A2U_CUSTOM_OPS_TENSORFLOW_OP_DEFINITIONS_H_

namespace a2u {

constexpr char kReassemble[] = "A2U>Reassemble";
constexpr char kReassembleGrad[] = "A2U>ReassembleGrad";
constexpr char kAffinity[] = "A2U>Affinity";
constexpr char kAffinityGrad[] = "A2U>AffinityGrad";
constexpr char kKernelMaps[] = "A2U>KernelMaps";
constexpr char kKernelMapsGrad[] = "A2U>KernelMapsGrad";

void RegisterOps();
void RegisterKernelMapsKernels();  // for CPUs

}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_TENSORFLOW_OP_DEFINITIONS_H_
