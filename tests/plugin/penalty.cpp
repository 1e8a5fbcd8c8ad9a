// A plugin with a penalty: keeps the squared length of what a head reads near a value. No weighting sees its gradient.
//
//   "penalties": [{"name": "length", "weight": 0.1, "wanted": 4}]
#include "infomtl/plugin/plugin.h"

namespace {

class Length final : public infomtl::Penalty {
 public:
  struct Settings {
    double wanted = 1;
    void fields(infomtl::FieldVisitor& f) {
      f.field("wanted", wanted, "squared length of a row", infomtl::at_least(0));
    }
  };
  explicit Length(Settings settings) : settings_(settings) {}
  std::int64_t count(const infomtl::TaskBatch& rows) const override { return rows.label_count(); }
  infomtl::LossValue compute(infomtl::TaskStep& step) override {
    const torch::Tensor lengths = step.representation().value.square().sum(1);
    return {(lengths - settings_.wanted).square().sum(), torch::full({}, static_cast<double>(lengths.size(0)))};
  }

 private:
  Settings settings_;
};

}  // namespace

INFOMTL_PLUGIN("length") { infomtl::register_penalty<Length>(registries.penalties, "length", "keeps lengths"); }
