#pragma once
// Predictions for a user's own texts.

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/model/multi_task_model.h"
#include "infomtl/runs/prediction_samples.h"
#include "infomtl/text/tokenizer.h"

namespace infomtl {

/// For each of the tasks one JSON object per text, as TrainedRun::predict describes. Tasks that read a text alike (as pairs
/// or not, as words or not) share a pass of the encoder. @throws DataError naming the text
std::vector<std::vector<Json>> predict_texts(const MultiTaskModel& model, const std::vector<std::size_t>& tasks,
                                             const Tokenizer& tokenizer, std::size_t max_length,
                                             const std::vector<std::pair<std::string, std::string>>& texts,
                                             const PredictionSamples& samples = {});

}  // namespace infomtl
