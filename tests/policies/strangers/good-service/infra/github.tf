resource "github_repository_environment" "production" {
  repository          = "wine-quality"
  environment         = "production"
  prevent_self_review = true
  reviewers {
    teams = [data.github_team.release.id]
  }
}
