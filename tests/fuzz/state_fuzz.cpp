// Any bytes as the state.json of a checkpoint. Where they are an object it gets the checksum that it should have, so that
// what lies behind the checksum is reached, too.

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "infomtl/core/errors.h"
#include "infomtl/core/hash.h"
#include "infomtl/core/json_file.h"
#include "infomtl/train/checkpoint.h"
#include "support/temporary_folder.h"
#include "train/progress.h"
#include "train/step_statistics.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using infomtl::Json;
  static const infomtl::testing::TemporaryFolder folder;
  for (const char* name : {"model.safetensors", "config.json", "heads.safetensors", "state.safetensors"}) {
    folder.write(name, "");
  }
  std::string text(reinterpret_cast<const char*>(data), size);
  try {
    Json state = infomtl::parse_json(text, "state.json");
    if (state.is_object()) {
      state.erase("sha256");
      state["sha256"] = infomtl::sha256_of_text(state.dump());
      text = state.dump();
    }
  } catch (const std::exception&) {  // not JSON, or not UTF-8
  }
  folder.write("state.json", text);
  try {
    const Json state = infomtl::verify_checkpoint(folder.path());
    infomtl::tasks_of_state(state, folder.path());
    infomtl::Progress::from_json(state.at("progress"), state.at("tasks").size());
    infomtl::StepStatistics statistics({"a", "b"});
    statistics.load(state.at("progress").at("statistics"));
  } catch (const infomtl::Error&) {
  } catch (const Json::exception&) {  // Trainer::load makes these an Error
  }
  return 0;
}
