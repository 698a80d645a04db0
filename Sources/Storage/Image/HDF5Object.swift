// A group or dataset of an HDF5 file that is read: what is below it, and its text attributes.

import Text

/// A group or a dataset.
struct HDF5Object {
  let image: HDF5Image
  let place: HDF5Place
  let header: HDF5ObjectHeader

  /// In its group.
  var name: String { place.name ?? "" }
  var isGroup: Bool { header.has(.linkInformation) }

  func damaged(_ reason: String) -> StorageError { image.damaged(place, reason) }

  // MARK: Children

  /// What lies directly below, sorted by names, which are unique. Links to names and to other files are refused: this program writes none, and a
  /// file must not make it read another.
  ///
  /// `isWanted`: of what names the objects are looked at; the others are left out.
  func children(where isWanted: (String) -> Bool = { _ in true }) throws(StorageError) -> [HDF5Object] {
    guard let information = try header.one(.linkInformation) else { throw damaged("it is not a group") }
    var links: [(name: String, address: UInt64)] = []
    for bytes in try header.all(.link) + indexed(information, orderBytes: 8, tree: .links, idPlace: 4, idBytes: 7) {
      links.append(try link(bytes))
    }
    links.sort { $0.name < $1.name }
    for (one, next) in zip(links, links.dropFirst()) where one.name == next.name {
      throw damaged("it holds '\(one.name)' twice")
    }
    let folder = place.asFolder
    var children: [HDF5Object] = []
    for link in links where isWanted(link.name) {
      let place = HDF5Place(folder, name: link.name)
      let header = try HDF5ObjectHeader(image, at: link.address, place)
      children.append(HDF5Object(image: image, place: place, header: header))
    }
    return children
  }

  private func link(_ bytes: ArraySlice<UInt8>) throws(StorageError) -> (name: String, address: UInt64) {
    var fields = image.cursor(bytes, place)
    guard try fields.number(1) == 1 else { throw damaged("a link is of another version") }
    let flags = try fields.number(1)
    let kind = flags & 0x08 != 0 ? try fields.number(1) : 0
    guard kind == 0 else { throw damaged("it holds a link to something elsewhere") }
    if flags & 0x04 != 0 { _ = try fields.take(8) }
    if flags & 0x10 != 0 { _ = try fields.take(1) }
    let length = try fields.count(1 << Int(flags & 0x03))
    let name = try shownName(fields.take(length))
    guard !name.isEmpty, !name.contains("/"), name != "." else { throw damaged("it holds something without a name") }
    return (name, try fields.number(8))
  }

  /// What lies in a heap: `information` says whether there is one, and where the tree is that leads through it.
  ///
  /// - Parameters:
  ///   - orderBytes: bytes of the order of making, where it is kept.
  ///   - idPlace: where in a record of the tree the heap's ID stands.
  private func indexed(
    _ information: HDF5Cursor, orderBytes: Int, tree: HDF5Tree.Kind, idPlace: Int, idBytes: Int
  ) throws(StorageError) -> [ArraySlice<UInt8>] {
    var fields = information
    guard try fields.number(1) == 0 else { throw damaged("its index is of another version") }
    if try fields.number(1) & 0x01 != 0 { _ = try fields.take(orderBytes) }
    let (heapAddress, treeAddress) = (try fields.number(8), try fields.number(8))
    guard heapAddress != HDF5Image.nowhere else { return [] }
    let heap = try HDF5Heap(image, at: heapAddress, idBytes: idBytes, place)
    var found: [ArraySlice<UInt8>] = []
    for record in try HDF5Tree.records(of: tree, in: image, at: treeAddress, place) {
      found.append(try heap.object(record.dropFirst(idPlace).prefix(idBytes)))
    }
    return found
  }

  // MARK: Text attributes

  private static let longestName = 1024

  /// All attributes.
  func attributes() throws(StorageError) -> [String: String] {
    var messages = header.all(.attribute)
    if let information = try header.one(.attributeInformation) {
      messages += try indexed(information, orderBytes: 2, tree: .attributes, idPlace: 0, idBytes: 8)
    }
    var found: [String: String] = [:]
    for bytes in messages {
      let (name, text) = try attribute(bytes)
      guard found.updateValue(text, forKey: name) == nil else { throw damaged("it has attribute '\(name)' twice") }
    }
    return found
  }

  private func attribute(_ bytes: ArraySlice<UInt8>) throws(StorageError) -> (name: String, text: String) {
    var fields = image.cursor(bytes, place)
    guard try fields.number(1) == 3, try fields.number(1) & 0x03 == 0 else {
      throw damaged("an attribute is of another version")
    }
    let nameBytes = try fields.count(2)
    let (typeBytes, extentBytes) = (try fields.count(2), try fields.count(2))
    _ = try fields.take(1)
    let nameAndEnd = try fields.take(nameBytes)
    guard nameAndEnd.last == 0 else { throw damaged("an attribute's name does not end") }
    let name = try shownName(nameAndEnd.dropLast())
    var type = image.cursor(try fields.take(typeBytes), place)
    let isText = try type.number(1) & 0x0F == 3
    _ = try type.take(3)
    let size = try type.count(4)
    guard isText, size >= 1 else { throw damaged("attribute '\(name)' is not text of fixed length") }
    var extentFields = image.cursor(try fields.take(extentBytes), place)
    guard try HDF5Extent(&extentFields).count == 1 else { throw damaged("attribute '\(name)' is not one text") }
    try image.spend(content: size, place)
    let text = try fields.take(size)
    guard text.last == 0, let text = String(validating: text.dropLast(), as: UTF8.self) else {
      throw damaged("attribute '\(name)' is not UTF-8 text")
    }
    return (name, text)
  }

  /// A name as it stands in the file: UTF-8 that a terminal can show.
  private func shownName(_ bytes: ArraySlice<UInt8>) throws(StorageError) -> String {
    guard bytes.count <= HDF5Object.longestName else { throw damaged("a name of \(bytes.count) bytes") }
    try image.spend(content: bytes.count, place)
    guard let name = String(validating: bytes, as: UTF8.self),
      PrintableText.of(name, longest: HDF5Object.longestName) == name
    else { throw damaged("a name is not text that can be shown") }
    return name
  }
}
