// Times a tokenizer on one thread, as a process that a driver alternates with others
// (tests/bench/compare_tokenizers.py).
//
//   bench_tokenizer FOLDER TEXTS        a Hugging Face model folder; a file with a text per line
//
// Reads a command a line from stdin, answers with a JSON object a line on stdout:
//   encode N    every text N times: seconds, texts and tokens of all passes
//   ids FILE    writes every text's ids, special tokens included, as int32: their number, then they themselves

#include "infomtl/text/tokenizer.h"

#include <chrono>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/json.h"

namespace infomtl::bench {
namespace {

std::vector<std::string> read_lines(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw IoError(path + ": cannot be read");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  if (lines.empty()) throw DataError(path + ": holds no line");
  return lines;
}

Json encode(const Tokenizer& tokenizer, const std::vector<std::string>& texts, std::int64_t passes) {
  Encoding encoding;
  std::size_t tokens = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (std::int64_t pass = 0; pass < passes; ++pass) {
    for (const std::string& text : texts) {
      tokenizer.encode(text, {}, encoding);
      tokens += encoding.size();
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return {{"seconds", seconds}, {"texts", texts.size() * static_cast<std::size_t>(passes)}, {"tokens", tokens}};
}

Json write_ids(const Tokenizer& tokenizer, const std::vector<std::string>& texts, const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  const auto write = [&](const std::int32_t* values, std::size_t count) {
    file.write(reinterpret_cast<const char*>(values), static_cast<std::streamsize>(count * sizeof(std::int32_t)));
  };
  Encoding encoding;
  for (const std::string& text : texts) {
    tokenizer.encode(text, {}, encoding);
    const auto count = static_cast<std::int32_t>(encoding.size());
    write(&count, 1);
    write(encoding.ids.data(), encoding.size());
  }
  file.close();
  if (!file) throw IoError(path + ": cannot be written");
  return {{"texts", texts.size()}};
}

int run(int argc, char** argv) {
  if (argc != 3) throw UserError("bench_tokenizer FOLDER TEXTS");
  const auto tokenizer = load_tokenizer(argv[1]);
  const std::vector<std::string> texts = read_lines(argv[2]);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string what, argument;
    words >> what >> argument;
    if (what == "ids" && !argument.empty()) {
      std::cout << write_ids(*tokenizer, texts, argument).dump() << std::endl;
    } else if (const std::int64_t passes = std::atoll(argument.c_str()); what == "encode" && passes > 0) {
      std::cout << encode(*tokenizer, texts, passes).dump() << std::endl;
    } else {
      throw UserError("a command is \"encode N\" or \"ids FILE\"");
    }
  }
  return 0;
}

}  // namespace
}  // namespace infomtl::bench

int main(int argc, char** argv) {
  try {
    return infomtl::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "bench_tokenizer: " << error.what() << "\n";
    return 2;
  }
}
