#include "collectors/kailash/error_category.h"

#include <string>

#include <boost/test/unit_test.hpp>

#include "collectors/kailash/workflow_label.h"

namespace tocsin::collectors::kailash {

BOOST_AUTO_TEST_SUITE(error_category_test)

BOOST_AUTO_TEST_CASE(TheWordsOfAnErrorTellItsCategory) {
  const struct {
    std::string text;
    ErrorCategory category;
  } rows[] = {
      {"FATAL: password authentication failed for user \"app\"", kAuthenticationFailed},
      {"401 Unauthorized", kAuthenticationFailed},
      {"syntax error at or near \"SELEC\"", kQueryError},
      {"column \"a\" does not exist", kQueryError},
      {"sqlite3.OperationalError: no such table: t", kQueryError},
      {"ValueError: 7 is not a prime", kOtherError},
      {"", kOtherError},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST(CategoryOf(row.text) == row.category);
    }
  }
}

BOOST_AUTO_TEST_CASE(NamesThatAreMadeAnewAreOneWorkflow) {
  const struct {
    std::string id;
    std::string label;
  } rows[] = {
      {"orders", "orders"},
      {"", "unnamed_workflow"},
      {"Workflow-0a1B2c3d", "unnamed_workflow"},
      {"Workflow-0a1B2c3", "Workflow-0a1B2c3"},
      {"Workflow-nightly!", "Workflow-nightly!"},
      {"49bc10f7-23a5-4fd9-b0b7-e791cde2bc4a", "unnamed_workflow"},
      {"49bc10f7-23a5-4fd9-b0b7-e791cde2bc4a-x", "49bc10f7-23a5-4fd9-b0b7-e791cde2bc4a-x"},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.id) {
      BOOST_TEST(WorkflowLabel(row.id) == row.label);
    }
  }
}

BOOST_AUTO_TEST_CASE(WorkflowsBeyondTheLimitShareAnEntry) {
  WorkflowTable<int> table(2);
  for (const std::string name : {"a", "b", "c", "d", "a"}) ++table.Of(name);
  BOOST_TEST(table.entries().size() == 3U);
  BOOST_TEST(table.entries().at("a") == 2);
  BOOST_TEST(table.entries().at(std::string(kOtherWorkflows)) == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin::collectors::kailash
