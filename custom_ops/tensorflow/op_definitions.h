// The ops' names.

#ifndef A2U_CUSTOM_OPS_TENSORFLOW_OP_DEFINITIONS_H_
#define A2U_CUSTOM_OPS_TENSORFLOW_OP_DEFINITIONS_H_

namespace a2u {

constexpr char kReassemble[] = "A2U>Reassemble";
constexpr char kReassembleGrad[] = "A2U>ReassembleGrad";

void RegisterOps();

}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_TENSORFLOW_OP_DEFINITIONS_H_
