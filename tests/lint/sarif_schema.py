"""The part of the SARIF 2.1.0 schema that our logs are made of, written from the standard.

Every object allows the standard's properties and no others, so that a misspelt one is an error;
of properties that the linter does not write only the names are held.
"""

from __future__ import annotations

from typing import Any

TEXT = {"type": "string"}
INDEX = {"type": "integer", "minimum": -1}
POSITION = {"type": "integer", "minimum": 1}
OFFSET = {"type": "integer", "minimum": 0}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
TEXTS = {"type": "object", "additionalProperties": TEXT}
BAG = {
    "type": "object",
    "properties": {"tags": {"type": "array", "uniqueItems": True, "items": TEXT}},
}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/definitions/{name}"}


def several(items: dict[str, Any], least: int = 0, *, unique: bool = False) -> dict[str, Any]:
    return {"type": "array", "minItems": least, "uniqueItems": unique, "items": items}


def thing(given: dict[str, Any], others: str = "", needs: str = "") -> dict[str, Any]:
    """An object; ``others`` are the names of properties whose contents are not held."""
    properties = {**dict.fromkeys(others.split(), True), **given, "properties": BAG}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": needs.split(),
    }


def one_of(schema: dict[str, Any], *names: str) -> dict[str, Any]:
    return {**schema, "anyOf": [{"required": [name]} for name in names]}


DEFINITIONS = {
    "message": one_of(thing({"text": TEXT, "markdown": TEXT}, "id arguments"), "text", "id"),
    "multiformat": thing({"text": TEXT, "markdown": TEXT}, needs="text"),
    "artifactLocation": thing(
        {
            "uri": {**TEXT, "format": "uri-reference"},
            "uriBaseId": TEXT,
            "index": INDEX,
            "description": ref("message"),
        },
    ),
    "artifactContent": thing({"text": TEXT}, "binary rendered"),
    "region": thing(
        {
            "startLine": POSITION,
            "startColumn": POSITION,
            "endLine": POSITION,
            "endColumn": POSITION,
            "charOffset": INDEX,
            "charLength": OFFSET,
            "snippet": ref("artifactContent"),
            "message": ref("message"),
        },
        "byteOffset byteLength sourceLanguage",
    ),
    "physicalLocation": one_of(
        thing(
            {"artifactLocation": ref("artifactLocation"), "region": ref("region")},
            "address contextRegion",
        ),
        "address",
        "artifactLocation",
    ),
    "logicalLocation": thing(
        {"name": TEXT, "fullyQualifiedName": TEXT, "kind": TEXT, "index": INDEX},
        "decoratedName parentIndex",
    ),
    "location": thing(
        {
            "physicalLocation": ref("physicalLocation"),
            "logicalLocations": several(ref("logicalLocation"), unique=True),
            "message": ref("message"),
        },
        "id annotations relationships",
    ),
    "replacement": thing(
        {"deletedRegion": ref("region"), "insertedContent": ref("artifactContent")},
        needs="deletedRegion",
    ),
    "artifactChange": thing(
        {
            "artifactLocation": ref("artifactLocation"),
            "replacements": several(ref("replacement"), 1),
        },
        needs="artifactLocation replacements",
    ),
    "fix": thing(
        {
            "description": ref("message"),
            "artifactChanges": several(ref("artifactChange"), 1, unique=True),
        },
        needs="artifactChanges",
    ),
    "result": thing(
        {
            "ruleId": TEXT,
            "ruleIndex": INDEX,
            "level": LEVEL,
            "message": ref("message"),
            "locations": several(ref("location")),
            "partialFingerprints": TEXTS,
            "fixes": several(ref("fix"), unique=True),
        },
        "rule kind analysisTarget guid correlationGuid occurrenceCount fingerprints stacks "
        "codeFlows graphs graphTraversals relatedLocations suppressions baselineState rank "
        "attachments hostedViewerUri workItemUris provenance taxa webRequest webResponse",
        needs="message",
    ),
    "configuration": thing({"enabled": {"type": "boolean"}, "level": LEVEL}, "rank parameters"),
    "descriptor": thing(
        {
            "id": TEXT,
            "name": TEXT,
            "shortDescription": ref("multiformat"),
            "fullDescription": ref("multiformat"),
            "defaultConfiguration": ref("configuration"),
            "helpUri": {**TEXT, "format": "uri"},
            "help": ref("multiformat"),
        },
        "deprecatedIds guid deprecatedGuids deprecatedNames messageStrings relationships",
        needs="id",
    ),
    "component": thing(
        {"name": TEXT, "version": TEXT, "rules": several(ref("descriptor"), unique=True)},
        "guid organization product productSuite shortDescription fullDescription fullName "
        "semanticVersion dottedQuadFileVersion releaseDateUtc downloadUri informationUri "
        "globalMessageStrings notifications taxa locations language contents isComprehensive "
        "localizedDataSemanticVersion minimumRequiredLocalizedDataSemanticVersion "
        "associatedComponent translationMetadata supportedTaxonomies",
        needs="name",
    ),
    "tool": thing({"driver": ref("component")}, "extensions", needs="driver"),
    "notification": thing(
        {"level": LEVEL, "message": ref("message"), "locations": several(ref("location"))},
        "threadId timeUtc exception descriptor associatedRule",
        needs="message",
    ),
    "invocation": thing(
        {
            "executionSuccessful": {"type": "boolean"},
            "toolExecutionNotifications": several(ref("notification")),
        },
        "commandLine arguments responseFiles startTimeUtc endTimeUtc exitCode "
        "ruleConfigurationOverrides notificationConfigurationOverrides "
        "toolConfigurationNotifications exitCodeDescription exitSignalName exitSignalNumber "
        "processStartFailureMessage machine account processId executableLocation "
        "workingDirectory environmentVariables stdin stdout stderr stdoutStderr",
        needs="executionSuccessful",
    ),
    "run": thing(
        {
            "tool": ref("tool"),
            "invocations": several(ref("invocation")),
            "originalUriBaseIds": {
                "type": "object",
                "additionalProperties": ref("artifactLocation"),
            },
            "results": several(ref("result")),
            "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        },
        "conversion language versionControlProvenance artifacts logicalLocations graphs "
        "automationDetails runAggregates baselineGuid redactionTokens defaultEncoding "
        "defaultSourceLanguage newlineSequences externalPropertyFileReferences "
        "threadFlowLocations taxonomies addresses translations policies webRequests "
        "webResponses specialLocations",
        needs="tool",
    ),
}

SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    **thing(
        {
            "$schema": {**TEXT, "format": "uri"},
            "version": {"enum": ["2.1.0"]},
            "runs": several(ref("run")),
        },
        "inlineExternalProperties",
        needs="version runs",
    ),
    "definitions": DEFINITIONS,
}
