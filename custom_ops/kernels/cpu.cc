#include "custom_ops/kernels/cpu.h"

#include <cstdlib>
#include <string>

namespace a2u {

// Each is defined by cpu_isa.cc, compiled for that instruction set.
namespace baseline {
extern const CpuKernels kTable[kDTypes];
}
#ifdef __x86_64__
namespace avx2 {
extern const CpuKernels kTable[kDTypes];
}
namespace avx512 {
extern const CpuKernels kTable[kDTypes];
}
#endif

const char* IsaName(Isa isa) {
  constexpr const char* kNames[kIsas] = {"baseline", "avx2", "avx512"};
  return kNames[isa];
}

bool IsaAvailable(Isa isa) {
#ifdef __x86_64__
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  if (isa == kAvx2) return avx2;
  if (isa == kAvx512) {
    return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  }
#endif
  return isa == kBaseline;
}

Isa ChosenIsa() {
  static const Isa chosen = [] {
    const char* asked = std::getenv("A2U_TF_INSTRUCTION_SET");
    for (Isa isa : {kAvx512, kAvx2, kBaseline}) {
      if (IsaAvailable(isa) && (asked == nullptr || std::string(asked) == IsaName(isa))) return isa;
    }
    return kBaseline;  // A wrong name: the Python wrapper sees the difference and refuses it.
  }();
  return chosen;
}

const CpuKernels& CpuKernelsFor(Isa isa, DType dtype) {
#ifdef __x86_64__
  if (isa == kAvx2) return avx2::kTable[dtype];
  if (isa == kAvx512) return avx512::kTable[dtype];
#endif
  return baseline::kTable[dtype];
}

}  // namespace a2u
