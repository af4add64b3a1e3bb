// Any text as a config.json: refused, or a configuration of which every derived size fits.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/json.h"
#include "base/numbers.h"
#include "formats/hugging_face.h"
#include "model/model_config.h"
#include "model/tensor_names.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto json = youtu::parse_json({reinterpret_cast<const char*>(data), size});
  if (!json) return 0;
  if (json->is_object()) (void)youtu::read_eos_ids(*json).is_ok();
  auto config = youtu::read_json_config(*json);
  if (!config) {
    CHECK(!config.status().message().empty());
    return 0;
  }
  // All layers have the same tensors; one is enough, and a fuzzer likes thousands.
  config->num_hidden_layers = 1;
  for (const bool split_kv_b : {false, true}) {
    for (const auto& tensor :
         youtu::expected_tensors(*config, youtu::NameStyle::kHuggingFace, split_kv_b)) {
      std::optional<int64_t> num_values = 1;
      for (const int64_t dimension : tensor.shape) {
        CHECK(dimension > 0);
        num_values = youtu::checked_mul(*num_values, dimension);
        CHECK(num_values.has_value());
      }
    }
  }
  return 0;
}
