//! What is said of credit that is spent and limits that last.

pub(super) const QUOTA: &[&[&str]] = &[
    &["credit balance is too low"],
    &["insufficient balance"],
    &["insufficient credit"],
    &["insufficient funds"],
    &["balance is insufficient"],
    &["balance is not enough"],
    &["out of credits"],
    &["run out of credit"],
    &["used all available credits"],
    &["n't have any credits"],
    &["requires more credits"],
    &["monthly spending limit"],
    &["spending limit", "reached"],
    &["spend limit"],
    &["api usage limits"],
    &["monthly usage limit"],
    &["key limit exceeded"],
    &["out of call volume quota"],
    &["exceeded your current quota"],
    &["billing hard limit"],
    &["check your billing"],
    &["billing is disabled"],
    &["requires billing to be enabled"],
    &["account", "suspended", "balance"],
    &["payment required"],
    // Ollama Cloud.
    &["requires a subscription"],
    &["weekly usage limit"],
    // Bedrock, of models that are bought on AWS Marketplace.
    &["invalid_payment_instrument"],
    &["余额不足"],
    &["欠费"],
];

/// What a rate limit's own code can't mean: Gemini says `RESOURCE_EXHAUSTED` of both, and "exceeded your current quota" of each.
pub(super) const SPENT: &[&[&str]] = &[
    &["prepayment credits are depleted"],
    &["insufficient balance"],
    &["insufficient credit"],
    &["weekly usage limit"],
    &["monthly usage limit"],
];

pub(super) const DAILY: &[&[&str]] =
    &[&["per day"], &["per-day"], &["daily limit"], &["daily quota"], &["calls / month"], &["per month"]];
