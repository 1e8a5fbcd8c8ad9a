#pragma once
// Read datasets: data sections that several runs share, each read once: those of a comparison's methods, say.
//
//   ReadDatasets datasets;
//   const Dataset& first = datasets.load(one.object("data"), seed);
//   const Dataset& second = datasets.load(other.object("data"), seed);  // the same object where the sections say the same

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "infomtl/core/export.h"
#include "infomtl/data/dataset.h"

namespace infomtl {

class Config;
namespace data {
struct ReadDataset;
}

/// All stay in memory as long as this does. For one thread.
class INFOMTL_API ReadDatasets {
 public:
  ReadDatasets();
  ~ReadDatasets();
  ReadDatasets(const ReadDatasets&) = delete;
  ReadDatasets& operator=(const ReadDatasets&) = delete;

  /// What load_dataset() gives. @throws the same
  const Dataset& load(const Config& data, std::uint64_t run_seed);
  /// The same with what could not be read, for check_dataset(). @throws ConfigError, IoError of the section as a whole
  const data::ReadDataset& read(const Config& data, std::uint64_t run_seed);

 private:
  std::map<std::string, std::unique_ptr<data::ReadDataset>> known_;  ///< by section and seed
};

}  // namespace infomtl
