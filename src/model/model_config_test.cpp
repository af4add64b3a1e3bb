#include "model/model_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/tensor_table.h"
#include "tests/support/gguf_builder.h"

namespace youtu {
namespace {

using ::testing::HasSubstr;

// The published configuration of Youtu-LLM-2B.
constexpr std::string_view kYoutu = R"({
  "architectures": ["YoutuForCausalLM"], "model_type": "youtu", "hidden_size": 2048,
  "intermediate_size": 6144, "num_hidden_layers": 32, "num_attention_heads": 16,
  "num_key_value_heads": 16, "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128,
  "qk_rope_head_dim": 64, "qk_head_dim": 192, "head_dim": 64, "v_head_dim": 128,
  "vocab_size": 128256, "max_position_embeddings": 131072, "rms_norm_eps": 1e-06,
  "rope_parameters": {"rope_type": "default", "rope_theta": 1600000}, "rope_interleave": true,
  "hidden_act": "silu", "attention_bias": false, "mlp_bias": false, "tie_word_embeddings": true})";

const ModelConfig kExpected = {.hidden_size = 2048,
                               .intermediate_size = 6144,
                               .num_hidden_layers = 32,
                               .num_attention_heads = 16,
                               .q_lora_rank = 1536,
                               .kv_lora_rank = 512,
                               .qk_nope_head_dim = 128,
                               .qk_rope_head_dim = 64,
                               .v_head_dim = 128,
                               .vocab_size = 128256,
                               .max_position_embeddings = 131072,
                               .rms_norm_eps = 1e-6f,
                               .rope_theta = 1600000,
                               .rope_interleave = true,
                               .tie_word_embeddings = true};

// The published configuration with `changes` (a JSON object; null removes the key, as JSON merge
// patches do).
Result<ModelConfig> with(const char* changes) {
  Json config = Json::parse(kYoutu);
  config.merge_patch(Json::parse(changes));
  return read_json_config(config);
}
std::string error_with(const char* changes) {
  const auto config = with(changes);
  return config ? "no error" : config.status().message();
}

TEST(JsonConfigTest, ReadsThePublishedOne) {
  const auto config = with("{}");
  ASSERT_TRUE(config) << config.status().message();
  EXPECT_EQ(*config, kExpected);
}

TEST(JsonConfigTest, ReadsTheOlderSpellings) {
  const auto legacy = with(
      R"({"model_type":"youtu_llm","rope_parameters":null,"rope_theta":1600000,
          "rope_scaling":{"type":"yarn","factor":1.0,"mscale_all_dim":0}})");
  ASSERT_TRUE(legacy) << legacy.status().message();
  EXPECT_EQ(*legacy, kExpected);
  EXPECT_EQ(error_with(R"({"model_type":"deepseek_v2"})"), "no error");
  EXPECT_EQ(error_with(R"({"architectures":null})"), "no error");
}

TEST(JsonConfigTest, RopeParametersWinOverTheTopLevel) {
  EXPECT_EQ(with(R"({"rope_theta":10000})")->rope_theta, 1600000);
}

TEST(JsonConfigTest, DefaultsAreThoseOfTheReference) {
  const auto config = with(R"({"rope_interleave":null,"tie_word_embeddings":null,"hidden_act":null,
                               "attention_bias":null,"num_key_value_heads":null})");
  ASSERT_TRUE(config) << config.status().message();
  EXPECT_EQ(*config, kExpected);
  EXPECT_FALSE(with(R"({"rope_interleave":false})")->rope_interleave);
}

TEST(JsonConfigTest, NullQLoraRankIsADirectProjectionAndAMissingOneAnError) {
  Json config = Json::parse(kYoutu);
  config["q_lora_rank"] = nullptr;
  EXPECT_EQ(read_json_config(config)->q_lora_rank, 0);
  config.erase("q_lora_rank");
  EXPECT_THAT(read_json_config(config).status().message(), HasSubstr("q_lora_rank is missing"));
}

TEST(JsonConfigTest, EveryFieldHasARange) {
  const std::pair<const char*, const char*> kCases[] = {
      {R"({"hidden_size":0})", "hidden_size is 0 (1 to 65536)"},
      {R"({"hidden_size":-1})", "hidden_size is -1 (1 to 65536)"},
      {R"({"hidden_size":1.5})", "hidden_size is 1.5 (1 to 65536)"},
      {R"({"hidden_size":"x"})", "hidden_size is \"x\" (1 to 65536)"},
      {R"({"hidden_size":true})", "hidden_size is true (1 to 65536)"},
      {R"({"hidden_size":2147483648})", "hidden_size is 2147483648 (1 to 65536)"},
      {R"({"hidden_size":9223372036854775808})", "hidden_size is 9223372036854775808 (1"},
      {R"({"hidden_size":null})", "hidden_size is missing (1 to 65536)"},
      {R"({"intermediate_size":0})", "intermediate_size is 0"},
      {R"({"num_hidden_layers":0})", "num_hidden_layers is 0 (1 to 1024)"},
      {R"({"num_hidden_layers":1000000000})", "num_hidden_layers is 1000000000 (1 to 1024)"},
      {R"({"num_attention_heads":0})", "num_attention_heads is 0"},
      {R"({"num_key_value_heads":3})", "num_key_value_heads is 3 (16, the same"},
      {R"({"q_lora_rank":0})", "q_lora_rank is 0"},
      {R"({"kv_lora_rank":0})", "kv_lora_rank is 0 (1 to 65536)"},
      {R"({"qk_nope_head_dim":0})", "qk_nope_head_dim is 0"},
      {R"({"qk_rope_head_dim":63})", "qk_rope_head_dim is 63 (an even number)"},
      {R"({"v_head_dim":4096})", "v_head_dim is 4096"},
      {R"({"vocab_size":0})", "vocab_size is 0 (1 to 1048576)"},
      {R"({"vocab_size":2147483648})", "vocab_size is 2147483648"},
      {R"({"max_position_embeddings":0})", "max_position_embeddings is 0"},
      {R"({"rms_norm_eps":0})", "rms_norm_eps is 0"},
      {R"({"rms_norm_eps":"NaN"})", "rms_norm_eps is \"NaN\""},
      {R"({"rms_norm_eps":null})", "rms_norm_eps is missing"},
      {R"({"rope_parameters":{"rope_theta":0}})", "rope_theta is 0"},
      {R"({"rope_parameters":{"rope_theta":"inf"}})", "rope_theta is \"inf\""},
      {R"({"rope_parameters":{"rope_theta":null}})", "rope_theta is missing"},
      {R"({"rope_interleave":1})", "rope_interleave is 1 (true or false)"},
      {R"({"num_attention_heads":1024,"num_key_value_heads":1024,"v_head_dim":1024,"qk_nope_head_dim":1024})",
       "num_attention_heads is 1024 with heads of 2048 rows (at most 1048576"},
  };
  for (const auto& [changes, expected] : kCases)
    EXPECT_THAT(error_with(changes), HasSubstr(expected));
}

TEST(JsonConfigTest, RefusesWhatItWouldComputeWrongly) {
  const std::pair<const char*, const char*> kCases[] = {
      {R"({"architectures":["LlamaForCausalLM"]})", "unsupported architecture"},
      {R"({"architectures":[]})", "unsupported architecture"},
      {R"({"model_type":"llama"})", "unsupported architecture"},
      {R"({"model_type":"deepseek_v2","architectures":null})", "unsupported architecture"},
      {R"({"rope_scaling":{"type":"yarn","factor":4.0}})",
       "rope_scaling asks for rope type \"yarn\" with factor 4.0"},
      {R"({"rope_parameters":{"rope_type":"llama3","factor":1.0}})", "rope_parameters asks for"},
      {R"({"attention_bias":true})", "attention_bias is true"},
      {R"({"hidden_act":"gelu"})", "hidden_act is \"gelu\""},
      {R"({"quantization_config":{"quant_method":"awq"}})", "asks for quantization \"awq\""},
      {R"({"n_routed_experts":8,"first_k_dense_replace":1})", "mixtures of experts"},
  };
  for (const auto& [changes, expected] : kCases)
    EXPECT_THAT(error_with(changes), HasSubstr(expected));
}

// ---- GGUF ----

// As llama.cpp's converter writes it, but for the vocabulary. `absorbed`: with the "*_mla" keys.
GgufBuilder youtu_gguf(bool absorbed) {
  GgufBuilder builder;
  builder.string("general.architecture", "deepseek2").u32("deepseek2.block_count", 32);
  builder.u32("deepseek2.context_length", 131072).u32("deepseek2.embedding_length", 2048);
  builder.u32("deepseek2.feed_forward_length", 6144).u32("deepseek2.attention.head_count", 16);
  builder.u32("deepseek2.attention.head_count_kv", absorbed ? 1 : 16);
  builder.u32("deepseek2.attention.q_lora_rank", 1536).u32("deepseek2.attention.kv_lora_rank", 512);
  builder.u32("deepseek2.attention.key_length", absorbed ? 576 : 192);
  builder.u32("deepseek2.attention.value_length", absorbed ? 512 : 128);
  if (absorbed) {
    builder.u32("deepseek2.attention.key_length_mla", 192)
        .u32("deepseek2.attention.value_length_mla", 128);
  }
  builder.u32("deepseek2.rope.dimension_count", 64).f32("deepseek2.rope.freq_base", 1600000.0f);
  builder.f32("deepseek2.attention.layer_norm_rms_epsilon", 1e-6f)
      .u32("deepseek2.vocab_size", 128256);
  return builder;
}

Result<ModelConfig> read(const GgufBuilder& builder) {
  const auto bytes = builder.build();
  auto contents = parse_gguf(bytes);
  if (!contents) return contents.status();
  auto table = TensorTable::create({}, std::move(contents->tensors));
  return read_gguf_config(contents->metadata, **table);
}

TEST(GgufConfigTest, AbsorbedAndOlderFilesSayTheSame) {
  for (const bool absorbed : {true, false}) {
    const auto config = read(youtu_gguf(absorbed));
    ASSERT_TRUE(config) << config.status().message();
    EXPECT_EQ(*config, kExpected) << absorbed;
  }
}

TEST(GgufConfigTest, AnOutputTensorUnties) {
  EXPECT_FALSE(read(youtu_gguf(true).tensor("output.weight", {8, 2}, 0, 64))->tie_word_embeddings);
}

TEST(GgufConfigTest, RefusesRopeScalingAndExperts) {
  EXPECT_TRUE(read(youtu_gguf(true)
                       .string("deepseek2.rope.scaling.type", "yarn")
                       .f32("deepseek2.rope.scaling.factor", 1.0f)));
  EXPECT_THAT(read(youtu_gguf(true)
                       .string("deepseek2.rope.scaling.type", "yarn")
                       .f32("deepseek2.rope.scaling.factor", 4.0f))
                  .status()
                  .message(),
              HasSubstr("deepseek2.rope.scaling.type is yarn with factor 4.0"));
  EXPECT_THAT(read(youtu_gguf(true)
                       .u32("deepseek2.expert_count", 64)
                       .u32("deepseek2.leading_dense_block_count", 1))
                  .status()
                  .message(),
              HasSubstr("mixtures of experts"));
  EXPECT_TRUE(read(youtu_gguf(true)
                       .u32("deepseek2.expert_count", 64)
                       .u32("deepseek2.leading_dense_block_count", 32)));
}

// The keys of a small file with one value replaced.
std::string error_with_key(std::string_view name, uint32_t value) {
  GgufBuilder builder;
  builder.string("general.architecture", "deepseek2");
  const std::pair<std::string_view, uint32_t> kKeys[] = {{"block_count", 2},
                                                         {"context_length", 64},
                                                         {"embedding_length", 32},
                                                         {"feed_forward_length", 64},
                                                         {"attention.head_count", 2},
                                                         {"attention.kv_lora_rank", 16},
                                                         {"attention.key_length", 24},
                                                         {"attention.key_length_mla", 24},
                                                         {"attention.value_length_mla", 16},
                                                         {"rope.dimension_count", 8},
                                                         {"vocab_size", 10}};
  for (const auto& [key, usual] : kKeys)
    builder.u32("deepseek2." + std::string(key), key == name ? value : usual);
  builder.f32("deepseek2.rope.freq_base", 1e4f)
      .f32("deepseek2.attention.layer_norm_rms_epsilon", 1e-6f);
  const auto config = read(builder);
  return config ? "no error" : config.status().message();
}

TEST(GgufConfigTest, EveryKeyHasARange) {
  EXPECT_EQ(error_with_key("none", 0), "no error");
  EXPECT_THAT(error_with_key("block_count", 0),
              HasSubstr("deepseek2.block_count is 0 (1 to 1024)"));
  EXPECT_THAT(error_with_key("block_count", 1'000'000'000),
              HasSubstr("deepseek2.block_count is 1000000000"));
  EXPECT_THAT(error_with_key("attention.head_count", 0),
              HasSubstr("deepseek2.attention.head_count is 0"));
  EXPECT_THAT(error_with_key("rope.dimension_count", 24),
              HasSubstr("deepseek2.rope.dimension_count is 24"));
  EXPECT_THAT(error_with_key("rope.dimension_count", 7), HasSubstr("an even number"));
  EXPECT_THAT(error_with_key("attention.key_length", 99),
              HasSubstr("deepseek2.attention.key_length is 99"));
  EXPECT_THAT(error_with_key("vocab_size", 0), HasSubstr("deepseek2.vocab_size is 0"));
}

}  // namespace
}  // namespace youtu
