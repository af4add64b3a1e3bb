#include "model/packed_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/packed_model.h"
#include "tests/support/toy_folder.h"

namespace youtu {
namespace {

using testing::HasSubstr;

class PackedWeights : public testing::Test {
 protected:
  LoadOptions options(const std::string& weights) const {
    return {.num_threads = 2, .weights = *parse_weight_policy(weights)};
  }
  // Loads from the source, and writes what was loaded.
  LoadedModel pack(const std::string& weights) {
    auto loaded = load_model(opened_, options(weights));
    CHECK(loaded.is_ok());
    const Status status = write_packed_model(opened_, loaded->config, loaded->model->weights(),
                                             {.path = path_,
                                              .weights = weights,
                                              .key = "",
                                              .full_precision = loaded->full_precision,
                                              .replaces = true});
    EXPECT_TRUE(status.is_ok()) << status.message();
    return *std::move(loaded);
  }
  // Replaces the type of a tensor in the file's directory by hand.
  Result<LoadedModel> load_with_type(const std::string& name, DType dtype,
                                     std::optional<PackedFormat> packed) {
    LoadedModel loaded = pack("q8");
    std::vector<TensorView> tensors = packed_tensors(loaded.config, loaded.model->weights());
    std::vector<uint8_t> bytes;
    for (TensorView& tensor : tensors) {
      if (tensor.name != name) continue;
      tensor.dtype = dtype;
      tensor.packed = packed;
      bytes.resize(static_cast<size_t>(*tensor_bytes(tensor)));
      tensor.data = bytes;
    }
    const auto texts = read_source_texts(opened_);
    std::vector<PackedText> views;
    for (const SourceText& text : *texts) {
      views.push_back(
          {text.name, {reinterpret_cast<const uint8_t*>(text.bytes.data()), text.bytes.size()}});
    }
    CHECK(write_packed_file(path_, {.weights = "q8"}, views, tensors, {.replaces = true}).is_ok());
    auto opened = open_model(path_);
    CHECK(opened.is_ok());
    return load_model(*opened, options("q8"));
  }

  TemporaryFolder folder_;
  OpenedModel opened_ = make_toy_folder(folder_, 96, 5);
  std::string path_ = folder_ / "toy.youtu";
};

TEST_F(PackedWeights, ComputeTheSameBits) {
  for (const char* weights : {"exact", "auto", "bf16", "q8", "q4", "q4,head=q4g64z,attn=bf16",
                              "q8g128,kv_b=exact,mlp=q4g32z"}) {
    LoadedModel source = pack(weights);
    const std::vector<float> expected = toy_logits(source);
    const auto opened = open_model(path_);
    ASSERT_TRUE(opened.is_ok()) << opened.status().message();
    for (const WeightPlace place :
         {WeightPlace::kMapped, WeightPlace::kCopied, WeightPlace::kAuto}) {
      LoadOptions from_file = options(weights);
      from_file.place = place;
      auto packed = load_model(*opened, from_file);
      ASSERT_TRUE(packed.is_ok()) << packed.status().message();
      EXPECT_EQ(toy_logits(*packed), expected) << weights;
      if (place != WeightPlace::kAuto) {
        EXPECT_EQ(packed->are_weights_mapped, place == WeightPlace::kMapped);
      }
      EXPECT_EQ(packed->config, source.config);
      EXPECT_EQ(packed->full_precision, source.full_precision) << weights;
      EXPECT_EQ(packed->num_parameters, source.num_parameters);
    }
  }
}

TEST_F(PackedWeights, OutliveTheOpenedModel) {
  LoadedModel source = pack("q4");
  auto opened = std::make_unique<OpenedModel>(*open_model(path_));
  auto packed = load_model(*opened, options("q4"));
  ASSERT_TRUE(packed.is_ok());
  opened.reset();
  EXPECT_EQ(toy_logits(*packed), toy_logits(source));
}

TEST_F(PackedWeights, KeepTheirPolicy) {
  pack("q4,head=q4");
  const auto opened = open_model(path_);
  ASSERT_TRUE(opened.is_ok());
  EXPECT_EQ(*read_weight_policy(*opened, "auto"), *parse_weight_policy("q4,head=q4"));
  EXPECT_TRUE(load_model(*opened, options("q4g32,head=q4")).is_ok());
  const auto refused = load_model(*opened, options("q8"));
  EXPECT_THAT(refused.status().message(), HasSubstr("packed as \"q4,head=q4\""));
  EXPECT_EQ(refused.status().param(), "weights");
}

TEST_F(PackedWeights, AreRefusedInTypesThatNoKernelReads) {
  const PackedFormat q8 = {.bits = 8};
  EXPECT_THAT(load_with_type("norm.weight", DType::kU8, q8).status().message(),
              HasSubstr("norm.weight has type q8g32 (F32 is expected)"));
  EXPECT_THAT(load_with_type("norm.weight", DType::kBF16, {}).status().message(),
              HasSubstr("norm.weight has dtype BF16 (F32 is expected)"));
  EXPECT_THAT(load_with_type("layers.1.mlp.up_proj.weight", DType::kI32, {}).status().message(),
              HasSubstr("dtype I32"));
}

TEST_F(PackedWeights, NeedAllTensors) {
  LoadedModel loaded = pack("q8");
  std::vector<TensorView> tensors = packed_tensors(loaded.config, loaded.model->weights());
  tensors.pop_back();
  const std::string config = *read_file(folder_ / "config.json", 1 << 20);
  const PackedText text = {"config.json",
                           {reinterpret_cast<const uint8_t*>(config.data()), config.size()}};
  ASSERT_TRUE(
      write_packed_file(path_, {.weights = "q8"}, {text}, tensors, {.replaces = true}).is_ok());
  const auto opened = open_model(path_);
  ASSERT_TRUE(opened.is_ok());
  EXPECT_THAT(load_model(*opened, options("q8")).status().message(),
              HasSubstr("toy.youtu: tensor norm.weight is missing"));
}

}  // namespace
}  // namespace youtu
