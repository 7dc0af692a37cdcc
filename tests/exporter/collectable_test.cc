#include "exporter/collectable.h"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <prometheus/text_serializer.h>

#include "tests/support/fake_collector.h"

namespace tocsin {
namespace {

constexpr double kBounds[] = {1, 10};
constexpr MetricDesc kGauge{"fake_gauge", MetricType::kGauge, "A gauge.", {"a", "b"}};
constexpr MetricDesc kCounter{"fake_total", MetricType::kCounter, "A counter."};
constexpr MetricDesc kClash{"fake_total", MetricType::kGauge, "Of another type."};
constexpr MetricDesc kSizes{"fake_sizes", MetricType::kHistogram, "Sizes.", {}, kBounds};

std::shared_ptr<const collectors::InstanceView> ViewOf(const std::string& name,
                                                       MetricSink* points) {
  auto view = std::make_shared<collectors::InstanceView>();
  view->config =
      std::make_shared<const collectors::InstanceConfig>(collectors::FakeConfig(name, {}));
  view->up = points != nullptr;
  if (points != nullptr) view->snapshot = points->Finish(TimePoint());
  return view;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(collectable_test)

BOOST_AUTO_TEST_CASE(SerializesAsPrometheusCppDoes) {
  MetricSink first({1000, {{"site", "x"}}}, nullptr);
  first.Add(kGauge, {"1", ""}, 0.5);
  first.Add(kGauge, {"2", "3"}, 7);
  first.Add(kCounter, {}, 9);
  const std::uint64_t counts[] = {1, 2, 3};
  first.AddHistogram(kSizes, {}, {counts, 100});
  MetricSink second({1000, {}}, nullptr);
  second.Add(kGauge, {"1", ""}, 8);
  second.Add(kClash, {}, 1);
  const InstanceViews views = {ViewOf("one", &first), ViewOf("two", &second),
                               ViewOf("down", nullptr)};
  const CollectorsCollectable collectable([&] { return views; });
  const std::string expected =
      "# HELP tocsin_collector_up 1 if the last collection succeeded, else 0; 0 before the first.\n"
      "# TYPE tocsin_collector_up gauge\n"
      "tocsin_collector_up{collector=\"fake\",name=\"one\"} 1\n"
      "tocsin_collector_up{collector=\"fake\",name=\"two\"} 1\n"
      "tocsin_collector_up{collector=\"fake\",name=\"down\"} 0\n"
      "# HELP fake_gauge A gauge.\n"
      "# TYPE fake_gauge gauge\n"
      "fake_gauge{a=\"1\",site=\"x\"} 0.5\n"
      "fake_gauge{a=\"2\",b=\"3\",site=\"x\"} 7\n"
      "fake_gauge{a=\"1\"} 8\n"
      "# HELP fake_total A counter.\n"
      "# TYPE fake_total counter\n"
      "fake_total{site=\"x\"} 9\n"
      "# HELP fake_sizes Sizes.\n"
      "# TYPE fake_sizes histogram\n"
      "fake_sizes_count{site=\"x\"} 6\n"
      "fake_sizes_sum{site=\"x\"} 100\n"
      "fake_sizes_bucket{site=\"x\",le=\"1\"} 1\n"
      "fake_sizes_bucket{site=\"x\",le=\"10\"} 3\n"
      "fake_sizes_bucket{site=\"x\",le=\"+Inf\"} 6\n";
  BOOST_TEST(prometheus::TextSerializer().Serialize(collectable.Collect()) == expected);
}

BOOST_AUTO_TEST_CASE(PutsFlatFamiliesTogetherAgain) {
  FamilyShape shape;
  shape.name = "h";
  shape.type = MetricType::kHistogram;
  shape.help = "Help.";
  shape.form = SeriesForm::kFlat;
  const std::vector<std::vector<std::string>> all = {{"h_bucket", "a", "b", "le", "1.0"},
                                                     {"h_sum", "a", "b"},
                                                     {"h_bucket", "a", "b", "le", "+Inf"},
                                                     {"h_count", "a", "b"},
                                                     {"h_count"}};
  for (const std::vector<std::string>& series : all) {
    for (const std::string& part : series) shape.label_values += part + FamilyShape::kDelimiter;
    shape.series_ends.push_back(static_cast<std::uint32_t>(shape.label_values.size()));
  }
  const FamilyPoints family = {std::make_shared<const FamilyShape>(std::move(shape)),
                               {1, 2.5, 3, 3, -1}};
  MetricSink points({1000, {}}, nullptr);
  points.Pass(family);
  const InstanceViews views = {ViewOf("one", &points)};
  const CollectorsCollectable collectable([&] { return views; });
  const std::string text = prometheus::TextSerializer().Serialize(collectable.Collect());
  BOOST_TEST(text.substr(text.find("# HELP h ")) ==
             "# HELP h Help.\n# TYPE h histogram\nh_count{a=\"b\"} 3\nh_sum{a=\"b\"} 2.5\n"
             "h_bucket{a=\"b\",le=\"1\"} 1\nh_bucket{a=\"b\",le=\"+Inf\"} 3\n"
             "h_count 0\nh_sum 0\nh_bucket{le=\"+Inf\"} 0\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
