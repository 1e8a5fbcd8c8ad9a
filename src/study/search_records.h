#pragma once
// Search records: what the run folders of a search say, and what is to be trained next.

#include <compare>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "infomtl/study/search.h"
#include "study/cells.h"
#include "study/search_plan.h"

namespace infomtl {

/// One run at one rung.
struct SearchCell {
  std::size_t method = 0, trial = 0, rung = 0;
  std::uint64_t seed = 0;

  auto operator<=>(const SearchCell&) const = default;
};

class SearchRecords {
 public:
  /// @param folder  of the search; @param epochs  to the end, of each method's runs
  SearchRecords(const SearchPlan& plan, std::filesystem::path folder, std::vector<std::int64_t> epochs,
                std::vector<std::string> overrides);

  /// Reads what is new in the folder. @throws FormatError; DataError for a run without validation scores
  void refresh();
  /// What may be trained now, most urgent first, the method with the fewest runs before the others; empty when the search is over.
  std::vector<Cell> open_cells() const;
  /// Removes the checkpoints of trials that will never go on, but those of the best.
  void remove_checkpoints() const;
  /// Keeps for good that a cell's training failed.
  void record_failure(const Cell& cell, const std::string& message);
  Search search() const;

  std::filesystem::path run_folder(const SearchCell& cell) const;

 private:
  struct Record {
    double score = 0;  ///< NaN: failed
    std::int64_t examples = 0;
    bool rises = true;
  };
  const Record* record(const SearchCell& cell) const;
  std::optional<Record> read(const SearchCell& cell) const;
  /// Of a trial at a rung, once all its seeds are there or one failed.
  std::optional<double> score(std::size_t method, std::size_t trial, std::size_t rung) const;
  std::int64_t cost(std::size_t method, std::size_t trial, std::size_t rung) const;
  RungScores scores(std::size_t method) const;
  std::vector<Cell> open_cells(std::size_t method) const;

  const SearchPlan& plan_;
  std::filesystem::path folder_;
  std::vector<HalvingRules> rules_;
  std::vector<std::string> overrides_;
  std::map<SearchCell, Record> records_;
};

}  // namespace infomtl
