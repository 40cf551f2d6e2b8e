// SPDX-License-Identifier: Apache-2.0

package enum Validator {
  package static func deviations(of dataSet: DataSet) -> [Deviation] { dataSet.deviations }
  package static func deviations(of file: Part10File) -> [Deviation] { file.deviations }
}
