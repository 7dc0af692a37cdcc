#include "collectors/kubernetes/object_store.h"

#include "collectors/kubernetes/object.h"

namespace tocsin::collectors::kubernetes {

std::string KeyOf(const boost::json::value& object) {
  std::string name = TextAt(object, "metadata.name");
  const std::string name_space = TextAt(object, "metadata.namespace");
  return name.empty() || name_space.empty() ? name : name_space + "/" + name;
}

}  // namespace tocsin::collectors::kubernetes
