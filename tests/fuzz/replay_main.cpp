// Runs a fuzz target over a committed corpus and over mutations of it, without libFuzzer:
//   fuzz_tokenizer FOLDER [MUTATIONS_A_FILE]
// The mutations come from a fixed seed, so a finding can be run again.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "infomtl/core/files.h"
#include "infomtl/core/random.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

// One to four small wounds: a byte changed, a stretch dropped, doubled or overwritten by another file's.
std::string mutate(std::string input, const std::string& other, infomtl::RandomStream& random) {
  const auto wounds = 1 + random.below(4);
  for (std::uint64_t i = 0; i < wounds && input.size() > 1; ++i) {
    const std::size_t at = 1 + random.below(input.size() - 1);
    const std::size_t length = std::min<std::size_t>(1 + random.below(16), input.size() - at);
    switch (random.below(5)) {
      case 0:
        input[at] = static_cast<char>(random.below(256));
        break;
      case 1:
        input.erase(at, length);
        break;
      case 2:
        input.insert(at, input.substr(at, length));
        break;
      case 3:
        input.resize(at);
        break;
      default:
        input.replace(at, length,
                      other.substr(other.size() > 1 ? random.below(other.size()) : 0, 1 + random.below(24)));
    }
  }
  return input;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER [MUTATIONS_A_FILE]\n", arguments[0]);
    return 2;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<std::string> inputs;
  for (const auto& file : files) inputs.push_back(infomtl::read_file(file));
  if (inputs.empty()) {
    std::fprintf(stderr, "%s: the corpus is empty\n", arguments[1]);
    return 1;
  }
  const int mutations = count > 2 ? std::atoi(arguments[2]) : 0;
  std::size_t runs = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    run(inputs[i]);
    infomtl::RandomStream random(infomtl::derive_seed(1, "fuzz", i));
    for (int m = 0; m < mutations; ++m) run(mutate(inputs[i], inputs[random.below(inputs.size())], random));
    runs += 1 + static_cast<std::size_t>(mutations);
  }
  std::printf("%zu inputs, %zu runs\n", inputs.size(), runs);
  return 0;
}
