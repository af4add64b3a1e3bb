// The description of the API beside the server that it describes: all routes of the one are in the
// other.
#include "http_apis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "server/openapi_document.h"
#include "tests/support/temporary_folder.h"

namespace youtu {
namespace {

using Operation = http::Router::Operation;

// The last segment of a path is called {id} by the router, and by a name of its own in the
// description; the page's files have names that change.
Operation comparable(std::string method, std::string path) {
  std::transform(method.begin(), method.end(), method.begin(), ::toupper);
  if (path.ends_with('}')) path = path.substr(0, path.find('{')) + "{}";
  if (path.starts_with("/assets/")) path = "/assets/{}";
  return {method, path};
}

TEST(HttpApis, AreDescribedInTheDocumentRouteByRoute) {
  const TemporaryFolder folder;
  ConfigReport report;
  report.config.data_dir = folder.path().string();
  report.config.port = 0;
  report.sources["default_preset"] = "default";
  const auto apis = HttpApis::create(report);
  ASSERT_TRUE(apis) << apis.status().message();
  const auto options = (*apis)->server_options();
  ASSERT_TRUE(options) << options.status().message();
  const auto server = http::Server::bind(*options);
  ASSERT_TRUE(server) << server.status().message();
  std::set<Operation> served = {comparable("GET", "/assets/{}")};  // none without a page
  for (const Operation& one : (*apis)->make_router(**server).operations()) {
    served.insert(comparable(one.method, one.path));
  }
  const Json document = Json::parse(openapi_document());
  std::set<Operation> described;
  for (const auto& [path, operations] : document["paths"].items()) {
    for (const auto& [method, operation] : operations.items()) {
      described.insert(comparable(method, path));
    }
  }
  const auto names = [](const std::set<Operation>& operations) {
    std::vector<std::string> result;
    for (const Operation& one : operations) result.push_back(one.method + " " + one.path);
    return result;
  };
  EXPECT_EQ(names(described), names(served));
  EXPECT_EQ(document["info"]["version"], YOUTU_VERSION);
}

}  // namespace
}  // namespace youtu
