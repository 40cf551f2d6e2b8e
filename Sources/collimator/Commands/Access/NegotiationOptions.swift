// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Node

/// What a caller would have agreed on with the node before it asked.
struct NegotiationOptions: ParsableArguments {
  @Flag(help: "Relational queries: levels above need no unique key.")
  var relational = false

  @Flag(help: "A date and a time that are both ranges are one range.")
  var dateTime = false

  @Flag(help: "Names match as they sound.")
  var fuzzy = false

  @Flag(help: "Dates and times are of the zone that Timezone Offset From UTC names.")
  var timezones = false

  @Flag(help: "Two quotes match what has no value.")
  var emptyValues = false

  @Flag(help: "Several values match what has all of them.")
  var multipleValues = false

  var options: NegotiatedOptions {
    var options = NegotiatedOptions()
    options.isRelational = relational
    options.combinesDateAndTime = dateTime
    options.matchesNamesBySound = fuzzy
    options.adjustsTimezones = timezones
    options.matchesEmptyValues = emptyValues
    options.matchesMultipleValues = multipleValues
    return options
  }
}
