// Gradients of every task from one backward pass through the whole encoder, against one backward per task.

#include <ATen/ATen.h>

#include "model/encoder_cases.h"
#include "ops/packed/owner_cases.h"
#include "support/compare.h"

namespace infomtl {
namespace {

using testing::close;
using testing::EncoderCase;
using Range = ops::GradientSegments::Range;

class TaskGradients : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Families, TaskGradients, ::testing::ValuesIn(testing::encoder_families()),
                         [](const auto& each) { return each.param; });

TEST_P(TaskGradients, OfOneBackwardEqualThoseOfOneBackwardATask) {
  EncoderCase given(GetParam());
  const std::vector<Range> sequences{{0, 2}, {2, 3}, {3, 5}};
  std::vector<Range> tokens;
  tokens.reserve(sequences.size());
  const auto* offsets = given.tokens.offsets.const_data_ptr<std::int32_t>();
  for (const Range& range : sequences) tokens.push_back({offsets[range.begin], offsets[range.end]});
  const std::vector<Tensor> parameters = given.encoder->parameters();
  const Tensor direction = given.expected.read("direction").narrow(0, 0, 5);

  struct Mode {
    Pooling pooling;
    bool token_states, dropout;
  };
  for (const Mode mode : {Mode{Pooling::first, false, false}, Mode{Pooling::first, true, true},
                          Mode{Pooling::mean, false, true}, Mode{Pooling::first, false, true}}) {
    const auto values = [&](const std::shared_ptr<ops::GradientSegments>& segments) {
      ops::TensorRandom random(3);
      const EncoderOutput out = given.encoder->forward(given.tokens, {.pooling = mode.pooling,
                                                                      .token_states = mode.token_states,
                                                                      .dropout = mode.dropout ? &random : nullptr,
                                                                      .segments = segments});
      return (out.pooled * direction).sum(1);
    };
    const auto sink = std::make_shared<testing::MatrixSink>(3, parameters);
    values(std::make_shared<ops::GradientSegments>(tokens, sequences, sink)).sum().backward();
    for (const Tensor& parameter : parameters) EXPECT_FALSE(parameter.grad().defined());
    const auto last = std::make_shared<testing::MatrixSink>(3, parameters);
    last->graph_used_up = true;
    values(std::make_shared<ops::GradientSegments>(tokens, sequences, last)).sum().backward();
    EXPECT_TRUE(at::equal(last->matrix, sink->matrix)) << "gradients written over saved values";
    for (std::size_t t = 0; t < sequences.size(); ++t) {
      std::vector<Tensor> pieces;
      const Tensor own = values(nullptr).slice(0, sequences[t].begin, sequences[t].end).sum();
      for (const Tensor& gradient : torch::autograd::grad({own}, parameters)) pieces.push_back(gradient.reshape(-1));
      EXPECT_TRUE(close(sink->matrix[static_cast<std::int64_t>(t)], at::cat(pieces), 0.0, 1e-5)) << "task " << t;
    }
  }
}

}  // namespace
}  // namespace infomtl
