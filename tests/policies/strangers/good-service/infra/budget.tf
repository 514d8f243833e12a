resource "aws_budgets_budget" "wine" {
  name         = "wine-quality"
  budget_type  = "COST"
  limit_amount = "250"
  limit_unit   = "USD"
  time_unit    = "MONTHLY"
}
