// How the attention of the CPU backend is cut into pieces. The cuts lie at fixed positions of the
// context, so a token's result does not depend on how a prompt was chunked.
#pragma once

#include <cstdint>

#include "backend/batch_view.h"

namespace youtu {

inline constexpr int32_t kAbsorbedTokens = 64;  // queries taken into the latent space at a time
inline constexpr int32_t kHeadGroup = 4;        // heads that share a pass over the latents
inline constexpr int32_t kAbsorbedTile =
    4 * kBlockSize;  // context positions between two corrections
inline constexpr int32_t kExpandedBlock = 16 * kBlockSize;  // context positions expanded at a time
inline constexpr int32_t kQueryTile = 32;  // queries of a head that share a pass over expanded keys
inline constexpr int32_t kWidenedRows = 4;  // weight rows widened at a time

}  // namespace youtu
