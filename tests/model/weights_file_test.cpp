// Weights files: round trips, and every way of breaking one.

#include "infomtl/model/weights_file.h"

#include <ATen/ATen.h>

#include <fstream>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "support/compare.h"
#include "support/message_of.h"
#include "support/normal.h"
#include "support/temporary_folder.h"

namespace infomtl {
namespace {

using testing::close;
using testing::TemporaryFolder;

std::string file_of(const std::string& header, const std::string& data) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>((header.size() >> (8 * i)) & 0xff));
  return bytes + header + data;
}
std::string entry(const std::string& name, const std::string& fields) { return "\"" + name + "\":{" + fields + "}"; }
const std::string kGood = R"("dtype":"F32","shape":[2],"data_offsets":[0,8])";

std::string complaint(const std::string& bytes) {
  try {
    parse_weights_header(bytes, bytes.size(), "w.safetensors");
  } catch (const FormatError& error) {
    return error.what();
  }
  return "";
}

TEST(WeightsFile, KeepsEveryTypeAndShape) {
  const TemporaryFolder folder;
  NamedTensors tensors;
  for (const auto type : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kShort, at::kChar,
                          at::kByte, at::kBool}) {
    tensors.emplace_back(c10::toString(type), (testing::normal({3, 2}) * 3).to(type));
  }
  tensors.emplace_back("scalar", at::scalar_tensor(2.5));
  tensors.emplace_back("empty", at::empty({0, 4}));
  tensors.emplace_back("strided", testing::normal({4, 6}).t());
  tensors.emplace_back("\xc3\xa9 \"quoted\"", testing::normal({2}));
  write_weights(folder.path() / "w.safetensors", tensors, {{"format", "pt"}, {"note", "a"}});
  const WeightsReader reader(folder.path() / "w.safetensors");
  EXPECT_EQ(reader.entries().size(), tensors.size());
  EXPECT_EQ(reader.metadata().at("note"), "a");
  for (const auto& [name, tensor] : tensors) {
    const Tensor read = reader.read(name);
    EXPECT_EQ(read.scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(at::equal(read, tensor.contiguous())) << name;
  }
  EXPECT_THROW(reader.read("absent"), FormatError);
}

TEST(WeightsFile, RefusesToWriteWhatItCannotStore) {
  const TemporaryFolder folder;
  EXPECT_THROW(write_weights(folder.path() / "w", {{"a", at::ones({1})}, {"a", at::ones({1})}}), StateError);
  EXPECT_THROW(write_weights(folder.path() / "w", {{"a", at::ones({1}, at::kComplexFloat)}}), StateError);
  EXPECT_THROW(write_weights(folder.path() / "no" / "w", {{"a", at::ones({1})}}), IoError);
}

TEST(WeightsFile, AcceptsTheSmallestGoodFiles) {
  EXPECT_EQ(complaint(file_of("{}", "")), "");
  EXPECT_EQ(complaint(file_of("{" + entry("a", kGood) + "}   ", std::string(8, 'x'))), "");
}

TEST(WeightsFile, NamesWhatIsWrongWithABrokenHeader) {
  const std::string eight(8, 'x');
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "too few"},
      {"1234567", "too few"},
      {std::string(8, '\xff') + "{}", "header would be"},
      {file_of("{}", "").substr(0, 9), "header would be"},
      {file_of("{", ""), "not valid JSON"},
      {file_of("[]", ""), "not an object"},
      {file_of("\xff\xfe", ""), "not valid JSON"},
      {file_of(std::string(100000, '['), ""), "nested deeper than 200"},
      {file_of("{" + entry("a", kGood) + "," + entry("a", kGood) + "}", eight), "\"/a\" is written twice"},
      {file_of("{" + entry("a", R"("dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8])") + "}", eight),
       "\"/a/dtype\" is written twice"},
      {file_of(R"({"a":[]})", ""), "\"a\": not an object"},
      {file_of("{" + entry("a", R"("shape":[2],"data_offsets":[0,8])") + "}", eight), "\"a\": no dtype"},
      {file_of("{" + entry("a", R"("dtype":"F33","shape":[2],"data_offsets":[0,8])") + "}", eight),
       "\"F33\" is not supp"},
      {file_of("{" + entry("a", R"("dtype":"F32","data_offsets":[0,8])") + "}", eight), "\"a\": no shape"},
      {file_of("{" + entry("a", R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])") + "}", eight), "whole number"},
      {file_of("{" + entry("a", R"("dtype":"F32","shape":[2.0],"data_offsets":[0,8])") + "}", eight), "whole number"},
      {file_of("{" + entry("a", R"("dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8])") + "}", eight),
       "too large"},
      {file_of("{" + entry("a", R"("dtype":"F32","shape":[2])") + "}", eight), "no data_offsets"},
      {file_of("{" + entry("a", R"("dtype":"F32","shape":[2],"data_offsets":[0,8,9])") + "}", eight),
       "no data_offsets"},
      {file_of("{" + entry("a", R"("dtype":"F32","shape":[2],"data_offsets":[8,0])") + "}", eight), "outside"},
      {file_of("{" + entry("a", R"("dtype":"F32","shape":[2],"data_offsets":[0,18446744073709551615])") + "}", eight),
       "outside"},
      {file_of("{" + entry("a", kGood) + "}", eight.substr(1)), "outside"},
      {file_of("{" + entry("a", R"("dtype":"F32","shape":[3],"data_offsets":[0,8])") + "}", eight), "need 12"},
      {file_of("{" + entry("a", kGood) + "," + entry("b", kGood) + "}", eight), "inside the tensor before"},
      {file_of("{" + entry("a", R"("dtype":"F32","shape":[1],"data_offsets":[4,8])") + "}", eight), "after a gap"},
      {file_of("{" + entry("a", kGood) + "}", eight + "z"), "1 bytes at the end"},
      {file_of(R"({"__metadata__":{"a":1}})", ""), "not a text"},
      {file_of(R"({"__metadata__":7})", ""), "not an object"},
  };
  for (const auto& [bytes, words] : cases) {
    const std::string found = complaint(bytes);
    EXPECT_NE(found.find(words), std::string::npos) << "wanted: " << words << "; found: " << found;
    EXPECT_TRUE(found.starts_with("w.safetensors")) << found;
  }
}

TEST(WeightsFile, ATruncatedFileIsAFormatErrorAtEveryLength) {
  const TemporaryFolder folder;
  write_weights(folder.path() / "w", {{"a", testing::normal({3, 5})}, {"b", at::ones({4}, at::kLong)}});
  const std::string whole = read_file(folder.path() / "w");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    std::ofstream(folder.path() / "cut", std::ios::binary | std::ios::trunc) << whole.substr(0, length);
    EXPECT_THROW(WeightsReader(folder.path() / "cut"), FormatError) << length;
  }
}

TEST(WeightsFile, SaysWhatAFolderLacks) {
  const TemporaryFolder folder;
  const auto words = [&] {
    try {
      WeightsReader reader(folder.path());
    } catch (const UserError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(words().find("no model.safetensors"), std::string::npos);
  std::ofstream(folder.path() / "pytorch_model.bin") << "x";
  EXPECT_NE(words().find("safe_serialization"), std::string::npos);
  EXPECT_THROW(WeightsReader(folder.path() / "absent.safetensors"), IoError);
}

TEST(WeightsSearch, FindsNoneOnlyWhereTheFolderHasNoneUnderAnyName) {
  for (const char* name : {"config.json", "vocab.txt", "training_args.bin", "optimizer.pt", "README.md"}) {
    const TemporaryFolder folder;
    folder.write(name, "{}");
    EXPECT_FALSE(find_weights(folder.path()).has_value()) << name;
  }
  for (const char* name :
       {"pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "pytorch_model.bin.index.json", "model.bin",
        "tf_model.h5", "flax_model.msgpack", "rust_model.ot", "model.onnx", "model.gguf", "model.ckpt.index",
        "model.pt", "weights.pth", "model.fp16.safetensors", "model-00001-of-00002.safetensors"}) {
    const TemporaryFolder folder;
    folder.write(name, "x");
    const std::string words = testing::message_of<FormatError>([&] { find_weights(folder.path()); });
    EXPECT_NE(words.find(name), std::string::npos) << words;
    EXPECT_NE(words.find("no model.safetensors"), std::string::npos) << words;
  }
}

TEST(WeightsSearch, NamesLinksThatLeadNowherePointersAndAdapters) {
  const TemporaryFolder folder;
  std::filesystem::create_symlink("../../blobs/4f2a", folder / "model.safetensors");
  const auto words = [&] { return testing::message_of<UserError>([&] { find_weights(folder.path()); }); };
  EXPECT_NE(words().find("model.safetensors: is a link to ../../blobs/4f2a, which is not there"), std::string::npos);
  std::filesystem::remove(folder / "model.safetensors");
  folder.write("model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 90\n");
  EXPECT_NE(words().find("git lfs pull"), std::string::npos) << words();
  folder.write("adapter_config.json", R"({"base_model_name_or_path": "roberta-base"})");
  EXPECT_NE(words().find("PEFT adapter of \"roberta-base\""), std::string::npos) << words();
}

TEST(Shards, ThatArePointersAreNamed) {
  const TemporaryFolder folder;
  folder.write("model.safetensors.index.json", R"({"weight_map": {"a": "one.safetensors"}})");
  folder.write("one.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 90\n");
  const std::string words = testing::message_of<UserError>([&] { WeightsReader reader(folder.path()); });
  EXPECT_NE(words.find("one.safetensors: is a Git LFS pointer"), std::string::npos) << words;
}

TEST(Shards, AreReadAsOneAndCheckedAgainstTheIndex) {
  const TemporaryFolder folder;
  const Tensor a = testing::normal({3}), b = testing::normal({2, 2}, 2);
  write_weights(folder.path() / "one.safetensors", {{"a", a}});
  write_weights(folder.path() / "two.safetensors", {{"b", b}});
  const auto index = [&](const std::string& map) {
    std::ofstream(folder.path() / "model.safetensors.index.json", std::ios::trunc) << map;
  };
  index(R"({"metadata":{"total_size":28},"weight_map":{"a":"one.safetensors","b":"two.safetensors"}})");
  const WeightsReader reader(folder.path());
  EXPECT_TRUE(at::equal(reader.read("a"), a));
  EXPECT_TRUE(at::equal(reader.read("b"), b));

  index(R"({"weight_map":{"a":"one.safetensors","c":"two.safetensors"}})");
  EXPECT_THROW(WeightsReader(folder.path()), FormatError);
  index(R"({"weight_map":{"a":"two.safetensors","b":"one.safetensors"}})");
  EXPECT_THROW(WeightsReader(folder.path()), FormatError);
  index(R"({"weight_map":{"a":"../one.safetensors"}})");
  EXPECT_THROW(WeightsReader(folder.path()), FormatError);
  index(R"({"weight_map":{"a":"three.safetensors"}})");
  EXPECT_THROW(WeightsReader(folder.path()), IoError);
  index(R"({"weight_map":[]})");
  EXPECT_THROW(WeightsReader(folder.path()), FormatError);
  index("{");
  EXPECT_THROW(WeightsReader(folder.path()), FormatError);
  write_weights(folder.path() / "two.safetensors", {{"a", a}, {"b", b}});
  index(R"({"weight_map":{"a":"one.safetensors","b":"two.safetensors"}})");
  EXPECT_THROW(WeightsReader(folder.path()), FormatError);
}

}  // namespace
}  // namespace infomtl
